package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real first start that is killed as soon as something of it can be seen; every event of it is FirstStartTest's. */
@Tag("interop")
final class FirstStartKillTest {
    @ParameterizedTest
    @ValueSource(strings = {"data/control/lock", "data/control/log", "data/memory", "data/disk0", "memory/holdfast-"})
    void theNextStartMakesAWholeNodeOfWhatIsThere(String seen, @TempDir Path directory) throws Exception {
        Home home = new Home(directory);
        Process first = new ProcessBuilder(home.serving("quickstart", "--size", "64M"))
                .redirectOutput(directory.resolve("first").toFile())
                .redirectError(directory.resolve("first").toFile())
                .start();
        while (!isThere(directory.resolve(seen)) && first.isAlive()) {
            Thread.onSpinWait();
        }
        assertTrue(first.isAlive(), "the first start came to " + seen);
        first.destroyForcibly().waitFor();
        BlockLoad load = new BlockLoad(new SplittableRandom(9));
        try (RealServer server = RealServer.start(home, "--size", "64M");
                NbdClient client = server.client("demo")) {
            assertEquals(64 << 20, client.sizeBytes);
            load.run(client, 100);
            assertEquals(List.of(), load.judge(client, false));
            assertEquals(0, server.stop(), server.errors());
        }
        Home.Ended verified = home.run("verify", home.data().resolve("disk0").toString());
        assertEquals(0, verified.exitCode(), verified.out() + verified.err());
    }

    /** True if there is a file whose name begins so. */
    private static boolean isThere(Path start) throws IOException {
        File parent = start.getParent().toFile();
        if (!parent.isDirectory()) {
            return false;
        }
        try (Stream<Path> files = Files.list(parent.toPath())) {
            return files.anyMatch(file ->
                    file.getFileName().toString().startsWith(start.getFileName().toString()));
        }
    }
}
