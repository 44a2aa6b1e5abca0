package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of real clients when their export goes. */
@Tag("interop")
final class DisconnectTest {
    private final BlockLoad load = new BlockLoad(new SplittableRandom(77));

    @Test
    void removingAnExportInMidWriteEndsItsClientsAndLosesNothingAcknowledged(@TempDir Path directory) throws Exception {
        try (RealServer server = RealServer.start(new Home(directory));
                NbdClient client = server.client("demo")) {
            succeeds(server.run("volume", "create", "other", "1G", "--export", "nbd"));
            NbdClient other = server.client("other");
            load.run(client, 2000, () -> succeeds(server.run("export", "rm", "demo")));
            assertEquals(0, other.flushNow(), "clients of other volumes stay");
            other.close();
            assertThrows(IOException.class, () -> server.client("demo"), "nobody reaches it any more");
            succeeds(server.run("export", "add", "demo", "--nbd"));
            try (NbdClient again = server.client("demo")) {
                assertEquals(List.of(), load.judge(again, false));
            }
        }
    }

    @Test
    void aVolumeIsRemovedOnlyWhenNobodyReachesItAndTakesItsClientsWithIt(@TempDir Path directory) throws Exception {
        try (RealServer server = RealServer.start(new Home(directory));
                NbdClient client = server.client("demo")) {
            Home.Ended refused = server.run("volume", "rm", "demo");
            assertEquals(1, refused.exitCode());
            assertTrue(refused.line().contains("`holdfast export rm demo` first"), refused.line());
            assertEquals(0, client.flushNow());
            succeeds(server.run("export", "rm", "demo"));
            assertThrows(IOException.class, () -> flushForEver(client));
            succeeds(server.run("volume", "rm", "demo"));
            assertEquals(0, server.stop(), server.errors());
        }
    }

    private static void flushForEver(NbdClient client) throws IOException {
        while (true) {
            client.flushNow();
        }
    }

    private static void succeeds(Home.Ended command) {
        assertEquals(0, command.exitCode(), command.err());
    }
}
