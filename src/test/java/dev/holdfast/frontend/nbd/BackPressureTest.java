package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that ask for more than there is room for wait, and nobody else does. */
final class BackPressureTest {
    private static final int MEBIBYTE = 1 << 20;

    private final TestBed bed = new TestBed();
    private final MemoryVolume volume = bed.volume;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void connectionsOfALoopShareWhatTheyMayHoldInReplies(boolean structured) {
        TestBed small = new TestBed(new NbdLimits(10, 100, 1_000_000, 1000, 64 << 20, 64 << 20), 40 << 20);
        Arrays.fill(small.volume.bytes, (byte) 1);
        TestClient greedy = small.connect().go(structured);
        TestClient other = small.connect().go(structured);
        greedy.connection.peerTakes(false);
        greedy.request(NBD_CMD_READ, 0, 1, 0, 32 * MEBIBYTE);
        greedy.request(NBD_CMD_READ, 0, 2, 0, 31 * MEBIBYTE);
        other.request(NBD_CMD_READ, 0, 1, 0, MEBIBYTE);
        assertEquals(1, other.replies().getFirst().cookie(), "a megabyte is always there");
        other.request(NBD_CMD_READ, 0, 2, 0, 2 * MEBIBYTE);
        other.request(NBD_CMD_FLUSH, 0, 3, 0, 0);
        assertEquals(List.of(), other.replies());
        assertTrue(other.connection.isPaused());
        greedy.connection.peerTakes(true);
        small.loops.run();
        assertEquals(63 * MEBIBYTE, bytesRead(greedy));
        assertEquals(2 * MEBIBYTE, bytesRead(other));
        assertFalse(other.connection.isPaused());
    }

    @Test
    void whatAGoneClientHeldIsFreeForOthers() {
        TestBed small = new TestBed(new NbdLimits(10, 100, 1_000_000, 1000, 64 << 20, 32 << 20), 40 << 20);
        Arrays.fill(small.volume.bytes, (byte) 1);
        TestClient queued = small.connect().go(true);
        TestClient underWay = small.connect().go(false);
        TestClient other = small.connect().go(true);
        queued.connection.peerTakes(false);
        queued.request(NBD_CMD_READ, 0, 1, 0, 16 * MEBIBYTE);
        small.volume.holdsBack = true;
        underWay.request(NBD_CMD_READ, 0, 1, 0, 14 * MEBIBYTE);
        other.request(NBD_CMD_READ, 0, 1, 0, 32 * MEBIBYTE);
        assertEquals(14, small.volume.heldCount());
        queued.connection.cutByPeer();
        underWay.connection.cutByPeer();
        small.loops.run();
        assertEquals(14, small.volume.heldCount(), "memory of what is under way is not free yet");
        small.volume.holdsBack = false;
        small.volume.release(new Random(1));
        small.loops.run();
        assertEquals(32 * MEBIBYTE, bytesRead(other));
    }

    @Test
    void writesWaitWithoutRoomAndGoOnWithIt() {
        TestClient client = bed.connect().go(false);
        volume.roomBytes = 4095;
        client.send(TestClient.join(
                client.writeBytes(0, 1, 0, TestClient.randomBytes(4096)),
                client.requestBytes(NBD_CMD_FLUSH, 0, 2, 0, 0)));
        assertTrue(client.connection.isPaused());
        assertEquals(List.of(), client.replies());
        volume.room(4096);
        bed.loops.run();
        assertEquals(2, client.replies().size());
        volume.roomBytes = 0;
        client.send(client.writeBytes(0, 3, 0, TestClient.randomBytes(2 * MEBIBYTE)));
        assertEquals(List.of(), client.replies());
        volume.room(MEBIBYTE);
        bed.loops.run();
        assertEquals(3, client.reply().cookie());
    }

    @Test
    void tooManyRequestsPauseTheConnectionUntilHalfAreDone() {
        TestBed small = new TestBed(new NbdLimits(10, 100, 1_000_000, 8, 2 << 20, 32 << 20), TestBed.SIZE_BYTES);
        small.volume.holdsBack = true;
        TestClient client = small.connect().go(false);
        byte[] batch = new byte[0];
        for (int i = 0; i < 12; i++) {
            batch = TestClient.join(batch, client.requestBytes(NBD_CMD_FLUSH, 0, i, 0, 0));
        }
        client.send(batch);
        assertEquals(8, small.volume.heldCount());
        for (int i = 0; i < 3; i++) {
            small.volume.releaseFirst();
            small.loops.run();
        }
        assertTrue(client.connection.isPaused());
        small.volume.releaseFirst();
        small.loops.run();
        assertFalse(client.connection.isPaused());
        assertEquals(8, small.volume.heldCount());
        small.volume.release(new Random(2));
        small.loops.run();
        assertEquals(12, client.replies().size());
    }

    @Test
    void aClientThatTakesNoRepliesIsNotReadUntilItDoes() {
        TestBed small = new TestBed(new NbdLimits(10, 100, 1_000_000, 1000, 2 << 20, 32 << 20), TestBed.SIZE_BYTES);
        Arrays.fill(small.volume.bytes, (byte) 1);
        TestClient client = small.connect().go(true);
        client.connection.peerTakes(false);
        byte[] batch = new byte[0];
        for (int i = 0; i < 8; i++) {
            batch = TestClient.join(batch, client.requestBytes(NBD_CMD_READ, 0, i, 0, MEBIBYTE));
        }
        client.send(batch);
        assertEquals(2, small.volume.log.size());
        assertTrue(client.connection.isPaused());
        client.connection.peerTakes(true);
        small.loops.run();
        assertEquals(8, client.replies().size());
    }

    @Test
    void aHugeBatchLeavesTurnsToOthers() {
        TestClient client = bed.connect().go(false);
        TestClient other = bed.connect().go(false);
        ByteBuffer batch = ByteBuffer.allocate(40_000 * REQUEST_BYTES);
        for (int i = 0; i < 40_000; i++) {
            batch.put(client.requestBytes(NBD_CMD_CACHE, 0, i, 0, 1));
        }
        client.connection.feed(batch.array());
        other.connection.feed(other.requestBytes(NBD_CMD_FLUSH, 0, 1, 0, 0));
        bed.loops.run();
        assertEquals(40_000, client.replies().size());
        assertTrue(volume.log.indexOf("FLUSH 0+0") < 2000);
    }

    private static int bytesRead(TestClient client) {
        int head = client.structured ? 8 : 0;
        return client.replies().stream()
                .filter(reply -> reply.data().length > 0)
                .mapToInt(reply -> reply.data().length - head)
                .sum();
    }
}
