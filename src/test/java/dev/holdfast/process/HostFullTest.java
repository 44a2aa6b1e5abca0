package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file system that a pool's file is on becomes full under writes, and gets room again. */
@Tag("interop")
final class HostFullTest {
    private static final int STEP_BYTES = 1 << 20;
    private static final long NOTE_POLLS = 100;

    @Test
    void writesFailWithNoSpaceWhatIsThereStaysReadableAndWritingGoesOnWithRoom(@TempDir Path directory)
            throws Exception {
        Path data = Files.createDirectories(directory.resolve("data"));
        Path filler = data.resolve("filler");
        String room = "mount -t tmpfs -o size=256m tmpfs " + data + " && fallocate -l 96m " + filler;
        Home home = new Home(directory, room);
        int written = 0;
        try (RealServer server = RealServer.start(home, "--size", "256M", "--memory-size", "32M", "--loops", "2");
                NbdClient client = server.client("demo")) {
            int error = 0;
            while (error == 0) {
                assertTrue(written < 256, "the file system becomes full");
                error = client.writeNow(0, (long) written * STEP_BYTES, step(written));
                written += error == 0 ? 1 : 0;
            }
            assertEquals(NbdClient.ENOSPC, error);
            assertEquals(0, client.flushNow(), "the log has its room since the pool was made");
            assertTrue(server.run("status").out().contains("the file system under a device is full"));
            for (int i = 0; i < written; i++) {
                assertArrayEquals(step(i), client.read((long) i * STEP_BYTES, STEP_BYTES), "MiB " + i);
            }
            Files.delete(Path.of("/proc/" + server.process().pid() + "/root" + filler));
            while (error != 0) {
                error = client.writeNow(0, (long) written * STEP_BYTES, step(written));
            }
            assertEquals(0, client.flushNow());
            awaitHealth(server);
            for (int i = 0; i <= written; i++) {
                assertArrayEquals(step(i), client.read((long) i * STEP_BYTES, STEP_BYTES), "MiB " + i);
            }
            assertEquals(0, server.stop(), server.errors());
        }
    }

    /** The note goes with the next consistency point. */
    private static void awaitHealth(RealServer server) throws IOException, InterruptedException {
        String status = "";
        for (int i = 0; i < NOTE_POLLS && !status.startsWith("all well"); i++) {
            status = server.run("status").out();
        }
        assertTrue(status.startsWith("all well"), status);
    }

    private static byte[] step(int number) {
        byte[] bytes = new byte[STEP_BYTES];
        Arrays.fill(bytes, (byte) (number + 1));
        return bytes;
    }
}
