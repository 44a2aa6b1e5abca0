package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts after a kill with more or less memory and more or fewer loops than the run before had. */
@Tag("interop")
final class OtherMemoryTest {
    private static final List<Start> STARTS = List.of(
            new Start("--loops 2 --memory-size 64M", 2, 32),
            new Start("--loops 2 --memory-size 32M", 2, 16),
            new Start("--loops 1 --memory-size 96M", 1, 96),
            new Start("--loops 2", 2, 96),
            new Start("--loops 3 --memory-size 72M", 3, 24),
            new Start("--loops 1", 1, 24),
            new Start("--loops 1 --memory-size 128M", 1, 128));

    /** What is asked for, and how much memory each of the loops has then. */
    private record Start(String options, int loops, int mebibytesPerLoop) {}

    @Test
    void nothingAcknowledgedIsLostWhenMemoryAndLoopsChangeAfterAKill(@TempDir Path directory) throws Exception {
        Home home = new Home(directory);
        BlockLoad load = new BlockLoad(new SplittableRandom(20261121));
        for (Start start : STARTS) {
            try (RealServer server = RealServer.start(home, start.options().split(" "));
                    NbdClient client = server.client("demo")) {
                boolean isEmpty = server.lines().contains("pool main: changes replayed: 0");
                assertEquals(start.equals(STARTS.getFirst()), isEmpty, start + ": " + server.lines());
                assertEquals(List.of(), load.judge(client, false), start::toString);
                assertEquals("", server.errors(), start::toString);
                long lengthBytes = (long) start.mebibytesPerLoop() << 20;
                assertEquals(Collections.nCopies(start.loops(), lengthBytes), lengths(home.memory()), start::toString);
                load.run(client, 2000, server::close);
            }
        }
    }

    private static List<Long> lengths(Path memory) throws IOException {
        try (Stream<Path> files = Files.list(memory)) {
            return files.map(file -> file.toFile().length()).toList();
        }
    }
}
