package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The control directory is gone: the disks alone bring back every volume, snapshot and byte. */
@Tag("interop")
final class RecoverTest {
    private static final int BLOCK = 4096;

    @Test
    void theDisksAloneAreEnough(@TempDir Path directory) throws Exception {
        Home home = new Home(directory);
        try (RealServer server = RealServer.start(home, "--size", "64M");
                NbdClient client = server.client("demo")) {
            assertEquals(0, client.writeNow(NbdClient.FUA, 0, block('a')));
            assertEquals(0, server.run("snapshot", "create", "demo@before").exitCode());
            assertEquals(
                    0,
                    server.run("volume", "create", "late", "32M", "--export", "nbd")
                            .exitCode());
            try (NbdClient late = server.client("late")) {
                assertEquals(0, late.writeNow(NbdClient.FUA, 8 * BLOCK, block('b')));
            }
        }
        Path control = home.data().resolve("control");
        delete(control);
        String disk = home.data().resolve("disk0").toString();
        byte[] torn = new byte[BLOCK];
        secondLabel(disk, torn);
        Home.Ended dryRun =
                home.run("recover", "--disk", disk, "--dir", home.data().toString(), "--dry-run");
        assertEquals(0, dryRun.exitCode(), dryRun.err());
        assertFalse(Files.exists(control), "a dry run writes no directory");
        assertArrayEquals(torn, secondLabel(disk), "a dry run does not mend a copy of the label");
        Home.Ended done =
                home.run("recover", "--disk", disk, "--dir", home.data().toString());
        assertEquals(0, done.exitCode(), done.err());
        assertTrue(done.out().contains("volume late, "), done.out());
        assertEquals(
                1,
                home.run("recover", "--disk", disk, "--dir", home.data().toString())
                        .exitCode());
        try (RealServer server = RealServer.start(home, "--size", "64M")) {
            List<String> volumes = server.run("volume", "ls").out().lines().toList();
            assertEquals(3, volumes.size(), volumes::toString);
            assertTrue(server.run("snapshot", "ls").out().contains("demo@before"));
            assertEquals(
                    "all well", server.run("status").out().lines().findFirst().orElseThrow());
            server.run("export", "add", "demo");
            assertEquals(0, server.run("export", "add", "late").exitCode());
            try (NbdClient client = server.client("demo");
                    NbdClient late = server.client("late")) {
                assertArrayEquals(block('a'), client.read(0, BLOCK));
                assertArrayEquals(block('b'), late.read(8 * BLOCK, BLOCK));
            }
            assertEquals(0, server.stop(), server.errors());
        }
    }

    private static void secondLabel(String disk, byte[] bytes) throws Exception {
        try (FileChannel file = FileChannel.open(Path.of(disk), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(bytes), BLOCK);
        }
    }

    private static byte[] secondLabel(String disk) throws Exception {
        try (FileChannel file = FileChannel.open(Path.of(disk), StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(BLOCK);
            file.read(bytes, BLOCK);
            return bytes.array();
        }
    }

    private static byte[] block(int letter) {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) letter);
        return bytes;
    }

    private static void delete(Path tree) throws Exception {
        try (Stream<Path> all = Files.walk(tree)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
