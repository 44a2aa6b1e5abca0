package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Status;
import dev.holdfast.frontend.nbd.TestClient.Reply;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests and their answers: every command, what is refused, how they come and go. */
final class TransmissionTest {
    private static final int MEBIBYTE = 1 << 20;

    private final TestBed bed = new TestBed();
    private final MemoryVolume volume = bed.volume;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsWrittenIsRead(boolean structured) {
        TestClient client = bed.connect().go(structured);
        byte[] data = TestClient.randomBytes(8192);
        client.send(client.writeBytes(0, 1, 4096, data));
        assertEquals(NBD_OK, client.reply().error());
        client.request(NBD_CMD_READ, 0, 2, 4096, 8192);
        assertArrayEquals(data, TestClient.readData(client.replies(), 4096, 8192));
        assertEquals(List.of("WRITE 4096+8192", "READ 4096+8192"), volume.log);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void unalignedRangesAreServed(boolean structured) {
        TestClient client = bed.connect().go(structured);
        byte[] data = TestClient.randomBytes(5001);
        client.send(client.writeBytes(0, 1, 4095, data));
        assertEquals(NBD_OK, client.reply().error());
        client.request(NBD_CMD_READ, 0, 2, 4096, 4999);
        byte[] read = TestClient.readData(client.replies(), 4096, 4999);
        assertArrayEquals(Arrays.copyOfRange(data, 1, 5000), read);
        client.request(NBD_CMD_READ, 0, 3, TestBed.SIZE_BYTES - 1, 1);
        assertArrayEquals(new byte[1], TestClient.readData(client.replies(), TestBed.SIZE_BYTES - 1, 1));
    }

    @Test
    void everyOtherCommandReachesTheDiskAsItWasMeant() {
        TestClient client = bed.connect().go(true);
        client.request(NBD_CMD_FLUSH, 0, 1, 0, 0);
        client.request(NBD_CMD_TRIM, 0, 2, 100, 5000);
        client.request(NBD_CMD_TRIM, NBD_CMD_FLAG_FUA, 3, 0, 4096);
        client.request(NBD_CMD_WRITE_ZEROES, 0, 4, 0, TestBed.SIZE_BYTES);
        client.request(NBD_CMD_WRITE_ZEROES, NBD_CMD_FLAG_NO_HOLE | NBD_CMD_FLAG_FUA, 5, 1, 2);
        client.request(NBD_CMD_WRITE_ZEROES, NBD_CMD_FLAG_FAST_ZERO, 6, 8192, 4096);
        client.request(NBD_CMD_CACHE, 0, 7, 0, 1 << 21);
        client.send(client.writeBytes(NBD_CMD_FLAG_FUA, 8, 512, new byte[512]));
        client.request(NBD_CMD_FLUSH, NBD_CMD_FLAG_FUA, 9, 0, 0);
        client.request(NBD_CMD_READ, NBD_CMD_FLAG_FUA, 10, 0, 1);
        List<Reply> replies = client.replies();
        assertEquals(10, replies.size());
        for (int i = 0; i < 10; i++) {
            assertEquals(i + 1, replies.get(i).cookie());
            assertEquals(NBD_OK, replies.get(i).error());
        }
        List<String> expected = List.of(
                "FLUSH 0+0",
                "TRIM 100+5000",
                "TRIM 0+4096 fua",
                "ZERO 0+" + TestBed.SIZE_BYTES,
                "ZERO 1+2 fua keep",
                "ZERO 8192+4096",
                "CACHE 0+2097152",
                "WRITE 512+512 fua",
                "FLUSH 0+0",
                "READ 0+1");
        assertEquals(expected, volume.log);
    }

    @Test
    void blockStatusJoinsExtentsAndStaysInsideTheRange() {
        TestClient client = bed.connect().go(true);
        client.send(client.writeBytes(0, 1, 8192, TestClient.randomBytes(8192)));
        client.replies();
        client.request(NBD_CMD_BLOCK_STATUS, 0, 2, 100, 20000);
        Reply reply = client.reply();
        assertEquals(NBD_REPLY_TYPE_BLOCK_STATUS, reply.type());
        int[] expected = {1, 8092, 3, 8192, 0, 3716, 3};
        assertArrayEquals(expected, ints(reply));
        client.request(NBD_CMD_BLOCK_STATUS, NBD_CMD_FLAG_REQ_ONE, 3, 8192 + 10, 4096);
        assertArrayEquals(new int[] {1, 4086, 0}, ints(client.reply()));
    }

    @Test
    void blockStatusNeedsTheContextAndARange() {
        TestClient without = bed.connect().go(false);
        without.request(NBD_CMD_BLOCK_STATUS, 0, 1, 0, 4096);
        assertEquals(NBD_EINVAL, without.reply().error());
        TestClient client = bed.connect().go(true);
        client.request(NBD_CMD_BLOCK_STATUS, 0, 1, 0, 0);
        client.request(NBD_CMD_BLOCK_STATUS, 0, 2, TestBed.SIZE_BYTES, 1);
        assertEquals(List.of(NBD_EINVAL, NBD_EINVAL), errors(client));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rangesOutsideAreRefusedEachWithItsError(boolean structured) {
        TestClient client = bed.connect().go(structured);
        long size = TestBed.SIZE_BYTES;
        long[][] ranges = {{size, 1}, {size - 1, 2}, {-1, 1}, {Long.MIN_VALUE, 4096}, {Long.MAX_VALUE, 4096}, {1, size}
        };
        for (long[] range : ranges) {
            boolean short16 = range[1] <= 4096;
            client.request(NBD_CMD_READ, 0, 1, range[0], range[1]);
            assertEquals(NBD_EINVAL, client.reply().error());
            client.request(NBD_CMD_TRIM, 0, 1, range[0], range[1]);
            assertEquals(NBD_EINVAL, client.reply().error());
            client.request(NBD_CMD_CACHE, 0, 1, range[0], range[1]);
            assertEquals(NBD_EINVAL, client.reply().error());
            client.request(NBD_CMD_WRITE_ZEROES, 0, 1, range[0], range[1]);
            assertEquals(NBD_ENOSPC, client.reply().error());
            client.send(client.writeBytes(0, 1, range[0], new byte[(int) range[1]]));
            assertEquals(short16 ? NBD_ENOSPC : NBD_EINVAL, client.reply().error());
        }
        assertEquals(List.of(), volume.log);
        client.request(NBD_CMD_FLUSH, 0, 7, 0, 0);
        assertEquals(NBD_OK, client.reply().error());
    }

    @Test
    void nonsenseIsRefusedInStep() {
        TestClient client = bed.connect().go(true);
        client.request(8, 0, 1, 0, 0);
        client.request(0xffff, 0, 2, 0, 100);
        client.request(NBD_CMD_READ, NBD_CMD_FLAG_NO_HOLE, 3, 0, 100);
        client.request(NBD_CMD_TRIM, NBD_CMD_FLAG_DF, 4, 0, 100);
        client.send(client.writeBytes(1 << 5, 5, 0, new byte[100]));
        client.request(NBD_CMD_FLUSH, 0, 6, 1, 0);
        client.request(NBD_CMD_FLUSH, 0, 7, 0, 1);
        client.request(NBD_CMD_READ, 0, 8, 0, (32 << 20) + 1);
        client.request(NBD_CMD_CACHE, NBD_CMD_FLAG_REQ_ONE, 9, 0, 1);
        List<Reply> replies = client.replies();
        assertEquals(9, replies.size());
        for (int i = 0; i < 9; i++) {
            assertEquals(i + 1, replies.get(i).cookie());
            assertEquals(NBD_EINVAL, replies.get(i).error());
            assertEquals(NBD_REPLY_TYPE_ERROR, replies.get(i).type());
        }
        assertEquals(List.of(), volume.log);
    }

    @Test
    void dontFragmentNeedsChunks() {
        TestClient client = bed.connect().go(false);
        client.request(NBD_CMD_READ, NBD_CMD_FLAG_DF, 1, 0, 100);
        assertEquals(NBD_EINVAL, client.reply().error());
    }

    @Test
    void requestsForNothingAreDone() {
        for (boolean structured : new boolean[] {false, true}) {
            TestClient client = bed.connect().go(structured);
            for (int command : new int[] {NBD_CMD_READ, NBD_CMD_WRITE, NBD_CMD_TRIM, NBD_CMD_WRITE_ZEROES}) {
                client.request(command, 0, command + 1, TestBed.SIZE_BYTES, 0);
                Reply reply = client.reply();
                assertEquals(NBD_OK, reply.error());
                assertTrue(reply.done());
                assertEquals(0, reply.data().length);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aReadOnlyDiskRefusesEveryChange(boolean structured) {
        volume.readOnly = true;
        TestClient client = bed.connect().go(structured);
        client.send(client.writeBytes(0, 1, 0, new byte[4096]));
        client.request(NBD_CMD_TRIM, 0, 2, 0, 4096);
        client.request(NBD_CMD_WRITE_ZEROES, 0, 3, 0, 4096);
        client.request(NBD_CMD_WRITE, 0, 4, 0, 0);
        assertEquals(List.of(NBD_EPERM, NBD_EPERM, NBD_EPERM, NBD_EPERM), errors(client));
        client.request(NBD_CMD_FLUSH, 0, 5, 0, 0);
        assertEquals(NBD_OK, client.reply().error());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyFailureOfTheDiskIsToldByItsNumber(boolean structured) {
        TestClient client = bed.connect().go(structured);
        Status[] failures = {
            Status.IO_ERROR, Status.NO_SPACE, Status.INVALID, Status.READ_ONLY, Status.SHUTDOWN, Status.MOVED,
        };
        int[] numbers = {NBD_EIO, NBD_ENOSPC, NBD_EINVAL, NBD_EPERM, NBD_ESHUTDOWN, NBD_ESHUTDOWN};
        for (int i = 0; i < failures.length; i++) {
            Status failure = failures[i];
            volume.faults = request -> failure;
            client.request(NBD_CMD_READ, 0, 1, 0, 4096);
            client.send(client.writeBytes(0, 2, 0, new byte[4096]));
            client.request(NBD_CMD_FLUSH, 0, 3, 0, 0);
            assertEquals(List.of(numbers[i], numbers[i], numbers[i]), errors(client));
        }
    }

    @Test
    void aFailedReadSaysWhereIfItCan() {
        TestClient client = bed.connect().go(true);
        volume.faults = request -> request.offset == 2 * MEBIBYTE ? Status.IO_ERROR : Status.OK;
        client.request(NBD_CMD_READ, 0, 1, 0, 4 * MEBIBYTE);
        List<Reply> replies = client.replies();
        assertEquals(4, replies.size());
        Reply failed = replies.get(2);
        assertEquals(NBD_REPLY_TYPE_ERROR_OFFSET, failed.type());
        assertEquals(2 * MEBIBYTE, failed.buffer().getLong(failed.data().length - 8));
        assertFalse(failed.done());
        assertTrue(replies.getLast().done());
    }

    @Test
    void zeroesAreSentAsAHole() {
        TestClient client = bed.connect().go(true);
        client.request(NBD_CMD_READ, 0, 1, 4096, 512);
        client.request(NBD_CMD_READ, NBD_CMD_FLAG_DF, 2, 5, MEBIBYTE);
        client.request(NBD_CMD_READ, 0, 3, 4096, 511);
        List<Reply> replies = client.replies();
        assertEquals(NBD_REPLY_TYPE_OFFSET_HOLE, replies.get(0).type());
        assertArrayEquals(
                ByteBuffer.allocate(12).putLong(4096).putInt(512).array(),
                replies.get(0).data());
        assertEquals(NBD_REPLY_TYPE_OFFSET_HOLE, replies.get(1).type());
        assertEquals(NBD_REPLY_TYPE_OFFSET_DATA, replies.get(2).type());
        assertTrue(replies.stream().allMatch(Reply::done));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 16_383, 16_384, 40_000, 65_527, 65_535})
    void oneByteAmongZeroesIsNotLost(int place) {
        TestClient client = bed.connect().go(true);
        volume.bytes[4096 + place] = 1;
        client.request(NBD_CMD_READ, 0, 1, 4096, 65_536);
        byte[] data = TestClient.readData(client.replies(), 4096, 65_536);
        assertEquals(1, data[place]);
        client.request(NBD_CMD_READ, 0, 2, 4096 + 65_536, 65_536);
        assertEquals(NBD_REPLY_TYPE_OFFSET_HOLE, client.reply().type());
    }

    @Test
    void repliesOfOneReceiveGoOutAsOneSend() {
        TestClient client = bed.connect().go(true);
        byte[] batch = new byte[0];
        for (int i = 0; i < 32; i++) {
            batch = TestClient.join(batch, client.requestBytes(NBD_CMD_READ, 0, i, i * 4096L, 4096));
        }
        int before = client.connection.sends;
        client.send(batch);
        assertEquals(32, client.replies().size());
        assertEquals(1, client.connection.sends - before);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 27, 29, 4095, 65_536})
    void howTheBytesAreCutMakesNoDifference(int segmentBytes) {
        TestClient client = bed.connect().go(true);
        client.connection.segment(segmentBytes);
        byte[] data = TestClient.randomBytes(9000);
        byte[] all = TestClient.join(
                client.writeBytes(0, 1, 777, data),
                client.requestBytes(NBD_CMD_FLUSH, 0, 2, 0, 0),
                client.writeBytes(1 << 9, 3, 0, data),
                client.requestBytes(NBD_CMD_READ, 0, 4, 777, 9000));
        client.send(all);
        List<Reply> replies = client.replies();
        assertEquals(
                List.of(1L, 2L, 3L, 4L), replies.stream().map(Reply::cookie).toList());
        assertEquals(NBD_EINVAL, replies.get(2).error());
        assertArrayEquals(data, TestClient.readData(replies.subList(3, 4), 777, 9000));
    }

    @Test
    void discEndsTheConnectionAfterEverythingIsAnswered() {
        TestClient client = bed.connect().go(false);
        volume.holdsBack = true;
        client.send(TestClient.join(
                client.writeBytes(0, 1, 0, new byte[100]),
                client.requestBytes(NBD_CMD_DISC, 0, 2, 0, 0),
                new byte[1000]));
        assertFalse(client.connection.isClosed());
        volume.release(new Random(1));
        bed.loops.run();
        assertEquals(1, client.reply().cookie());
        assertTrue(client.connection.isClosed());
        assertEquals(0, bed.server.connections());
    }

    @Test
    void aBadMagicEndsTheConnectionAndNoOther() {
        TestClient client = bed.connect().go(false);
        TestClient other = bed.connect().go(false);
        byte[] bytes = client.requestBytes(NBD_CMD_FLUSH, 0, 1, 0, 0);
        bytes[0] ^= 1;
        client.send(bytes);
        assertTrue(client.connection.isClosed());
        other.request(NBD_CMD_FLUSH, 0, 1, 0, 0);
        assertEquals(NBD_OK, other.reply().error());
    }

    @Test
    void aClientGoneInMidWriteLeavesWholePiecesAndNothingElse() {
        TestClient client = bed.connect().go(false);
        byte[] data = TestClient.randomBytes(3 * MEBIBYTE);
        byte[] write = client.writeBytes(0, 1, 0, data);
        client.send(Arrays.copyOf(write, REQUEST_BYTES + MEBIBYTE + 5000));
        client.connection.cutByPeer();
        bed.loops.run();
        assertArrayEquals(Arrays.copyOf(data, MEBIBYTE), Arrays.copyOf(volume.bytes, MEBIBYTE));
        assertEquals(List.of("WRITE 0+1048576"), volume.log);
        TestClient small = bed.connect().go(false);
        byte[] half = small.writeBytes(0, 1, 8 * MEBIBYTE, TestClient.randomBytes(4096));
        small.send(Arrays.copyOf(half, half.length - 1));
        small.connection.cutByPeer();
        bed.loops.run();
        assertEquals(List.of("WRITE 0+1048576"), volume.log);
        assertEquals(0, bed.server.connections());
    }

    @Test
    void whatCompletesAfterTheClientIsGoneHarmsNothing() {
        for (boolean structured : new boolean[] {false, true}) {
            volume.holdsBack = true;
            TestClient client = bed.connect().go(structured);
            client.request(NBD_CMD_READ, 0, 1, 0, 5000);
            client.request(NBD_CMD_READ, 0, 2, 0, 3 * MEBIBYTE);
            client.request(NBD_CMD_BLOCK_STATUS, 0, 3, 0, 4096);
            client.request(NBD_CMD_TRIM, 0, 4, 0, 4096);
            client.send(client.writeBytes(0, 5, 0, new byte[MEBIBYTE + 1]));
            client.connection.cutByPeer();
            bed.loops.run();
            volume.release(new Random(7));
            bed.loops.run();
            assertEquals(0, bed.server.connections());
        }
    }

    @Test
    void aClientThatLeavesWhileItWaitsForRoomIsForgotten() {
        TestClient client = bed.connect().go(false);
        volume.roomBytes = 0;
        client.send(client.writeBytes(0, 1, 0, new byte[4096]));
        client.connection.cutByPeer();
        bed.loops.run();
        volume.room(4096);
        bed.loops.run();
        assertEquals(List.of(), volume.log);
    }

    private static List<Integer> errors(TestClient client) {
        return client.replies().stream().map(Reply::error).toList();
    }

    private static int[] ints(Reply reply) {
        int[] ints = new int[reply.data().length / 4];
        reply.buffer().asIntBuffer().get(ints);
        return ints;
    }
}
