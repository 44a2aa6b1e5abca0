package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a real server ends, and what the next one finds. Exit code 0 means that it was clean and in time. */
@Tag("interop")
final class StopTest {
    private final BlockLoad load = new BlockLoad(new SplittableRandom(20261121));

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void aSignalInMidLoadStopsCleanlyAndTheNextStartReplaysNothing(String signal, @TempDir Path directory)
            throws Exception {
        Home home = new Home(directory);
        for (int round = 0; round < 3; round++) {
            try (RealServer server = RealServer.start(home);
                    NbdClient client = server.client("demo")) {
                assertTrue(server.lines().contains("pool main: changes replayed: 0"), server.lines()::toString);
                assertEquals(List.of(), load.judge(client, false));
                load.run(client, 500 + 700 * round, () -> server.signal(signal));
                assertEquals(0, server.awaitEnd(), server.errors());
                assertEquals("", server.errors());
            }
        }
    }

    @Test
    void afterAKillTheNextStartSaysHowMuchItReplayed(@TempDir Path directory) throws Exception {
        Home home = new Home(directory);
        try (RealServer server = RealServer.start(home);
                NbdClient client = server.client("demo")) {
            load.run(client, 300);
        }
        try (RealServer server = RealServer.start(home);
                NbdClient client = server.client("demo")) {
            assertFalse(server.lines().contains("pool main: changes replayed: 0"), server.lines()::toString);
            assertTrue(
                    server.lines().getFirst().matches("pool main: changes replayed: [0-9]+ [(]memory trusted; .*"),
                    server.lines()::toString);
            assertEquals(List.of(), load.judge(client, false));
        }
    }

    @Test
    void memoryGoesWithACleanStopAndStaysAfterAKill(@TempDir Path directory) throws Exception {
        Home home = new Home(directory);
        try (RealServer server = RealServer.start(home, "--loops", "2");
                NbdClient client = server.client("demo")) {
            assertEquals(2, files(home.memory()));
            load.run(client, 100);
            server.close();
            assertEquals(2, files(home.memory()), "memory holds what was acknowledged");
        }
        try (RealServer server = RealServer.start(home, "--loops", "2");
                NbdClient client = server.client("demo")) {
            assertEquals(List.of(), load.judge(client, false));
            assertEquals(0, server.stop());
            assertEquals(0, files(home.memory()), "nothing is held in it");
        }
    }

    private static long files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.count();
        }
    }
}
