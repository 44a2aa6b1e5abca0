package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pool whose log is really damaged: it is refused, and opens with what is left only when somebody says so. */
@Tag("interop")
final class AcceptLossTest {
    private static final int BLOCK = 4096;

    /** The log begins here and is the least that quickstart makes. */
    private static final int LOG_OFFSET = 1 << 20;

    private static final int LOG_BYTES = 64 << 20;

    @Test
    void aDamagedLogIsRefusedUntilTheLossIsAccepted(@TempDir Path directory) throws Exception {
        Home home = new Home(directory);
        byte[] kept = block('k');
        try (RealServer server = RealServer.start(home, "--size", "64M");
                NbdClient client = server.client("demo")) {
            assertEquals(0, client.writeNow(0, 0, kept));
            assertEquals(0, server.stop());
        }
        try (RealServer server = RealServer.start(home, "--size", "64M");
                NbdClient client = server.client("demo")) {
            for (int i = 1; i <= 8; i++) {
                assertEquals(0, client.writeNow(NbdClient.FUA, (long) i * BLOCK, block('a' + i)));
            }
        }
        try (Stream<Path> regions = Files.list(home.memory())) {
            for (Path region : regions.toList()) {
                Files.delete(region);
            }
        }
        damage(home.data().resolve("disk0"), block('a' + 3));
        Home.Ended refused = home.refused("--size", "64M");
        assertEquals(1, refused.exitCode());
        assertTrue(refused.line().contains("`holdfast pool accept-loss main --dir DIR`"), refused.line());
        String[] accept = {"pool", "accept-loss", "main", "--dir", home.data().toString()};
        Home.Ended dryRun = home.run(accept[0], accept[1], accept[2], accept[3], accept[4], "--dry-run");
        assertEquals(0, dryRun.exitCode(), dryRun.err());
        assertEquals(1, home.refused("--size", "64M").exitCode(), "a dry run accepts nothing");
        Home.Ended accepted = home.run(accept);
        assertEquals(0, accepted.exitCode(), accepted.err());
        assertTrue(accepted.err().contains("loss accepted: "), accepted.err());
        try (RealServer server = RealServer.start(home, "--size", "64M");
                NbdClient client = server.client("demo")) {
            assertArrayEquals(kept, client.read(0, BLOCK), "what a root has is not in question");
            assertEquals(0, client.writeNow(NbdClient.FUA, 0, block('n')));
            assertEquals(0, server.stop(), server.errors());
        }
    }

    private static byte[] block(int letter) {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) letter);
        return bytes;
    }

    /** Turns bits in the record of the log that holds a block: in the header before it. */
    private static void damage(Path disk, byte[] payload) throws IOException {
        try (FileChannel file = FileChannel.open(disk, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer log = ByteBuffer.allocate(LOG_BYTES);
            file.read(log, LOG_OFFSET);
            byte[] bytes = log.array();
            int at = 0;
            while (!Arrays.equals(bytes, at, at + 512, payload, 0, 512)) {
                at += 512;
            }
            for (int header = at - BLOCK; header < at; header++) {
                bytes[header] ^= 1;
            }
            file.write(ByteBuffer.wrap(bytes, at - BLOCK, BLOCK), LOG_OFFSET + at - BLOCK);
        }
    }
}
