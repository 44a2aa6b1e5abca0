package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.block.Status;
import dev.holdfast.frontend.nbd.TestClient.Reply;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transfers longer than the disk takes at once: in pieces there, one request for the client. */
final class LongTransferTest {
    private static final int MEBIBYTE = 1 << 20;

    private final TestBed bed = new TestBed();
    private final MemoryVolume volume = bed.volume;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096})
    void aWriteOf32MebibytesIsTakenInPiecesAndAnsweredOnce(int offset) {
        TestClient client = bed.connect().go(false);
        byte[] data = TestClient.randomBytes(32 * MEBIBYTE);
        client.send(client.writeBytes(NBD_CMD_FLAG_FUA, 1, offset, data));
        assertEquals(NBD_OK, client.reply().error());
        assertArrayEquals(data, Arrays.copyOfRange(volume.bytes, offset, offset + data.length));
        assertEquals(offset % 4096 == 0 ? 32 : 33, volume.log.size());
        for (int i = 0; i < volume.log.size() - 1; i++) {
            String[] words = volume.log.get(i).split("[ +]");
            assertEquals(0, (Long.parseLong(words[1]) + Long.parseLong(words[2])) % 4096);
            assertEquals("fua", words[3]);
        }
        client.send(client.writeBytes(0, 2, 0, new byte[1]));
        assertEquals(2, client.reply().cookie());
    }

    @Test
    void aLongWriteIsAnsweredWhenItsLastPieceIsDone() {
        TestClient client = bed.connect().go(false);
        volume.holdsBack = true;
        client.send(client.writeBytes(0, 1, 0, new byte[3 * MEBIBYTE]));
        client.request(NBD_CMD_FLUSH, 0, 2, 0, 0);
        for (int i = 0; i < 2; i++) {
            volume.releaseFirst();
            bed.loops.run();
            assertEquals(List.of(), client.replies());
        }
        volume.releaseFirst();
        bed.loops.run();
        assertEquals(1, client.reply().cookie());
    }

    @Test
    void aLongWriteThatFailsEarlyIsTakenToItsEndAndAnsweredThen() {
        TestClient client = bed.connect().go(false);
        volume.faults = request -> request.offset == MEBIBYTE ? Status.NO_SPACE : Status.OK;
        byte[] write = client.writeBytes(0, 1, 0, new byte[8 * MEBIBYTE]);
        client.send(Arrays.copyOf(write, write.length - 1));
        assertEquals(List.of(), client.replies());
        assertEquals(2, volume.log.size());
        client.send(new byte[1]);
        assertEquals(NBD_ENOSPC, client.reply().error());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 17})
    void aLongReadComesInChunksInAnyOrder(int offset) {
        new Random(3).nextBytes(volume.bytes);
        volume.holdsBack = true;
        TestClient client = bed.connect().go(true);
        client.request(NBD_CMD_READ, 0, 1, offset, 32 * MEBIBYTE);
        volume.release(new Random(5));
        bed.loops.run();
        List<Reply> replies = client.replies();
        assertEquals(offset == 0 ? 32 : 33, replies.size());
        byte[] data = TestClient.readData(replies, offset, 32 * MEBIBYTE);
        assertArrayEquals(Arrays.copyOfRange(volume.bytes, offset, offset + 32 * MEBIBYTE), data);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLongReadThatMayNotBeSplitComesAsOne(boolean structured) {
        new Random(4).nextBytes(volume.bytes);
        volume.holdsBack = true;
        TestClient client = bed.connect().go(structured);
        int flags = structured ? NBD_CMD_FLAG_DF : 0;
        for (int round = 0; round < 3; round++) {
            client.request(NBD_CMD_READ, flags, 1, 4097, 3 * MEBIBYTE + 5);
            client.request(NBD_CMD_READ, flags, 2, 0, 2 * MEBIBYTE);
            volume.release(new Random(6));
            bed.loops.run();
            for (Reply reply : client.replies()) {
                int offset = reply.cookie() == 1 ? 4097 : 0;
                int length = reply.cookie() == 1 ? 3 * MEBIBYTE + 5 : 2 * MEBIBYTE;
                byte[] data = TestClient.readData(List.of(reply), offset, length);
                assertArrayEquals(Arrays.copyOfRange(volume.bytes, offset, offset + length), data);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aGatheredReadThatFailsSendsNoData(boolean structured) {
        TestClient client = bed.connect().go(structured);
        volume.faults = request -> request.offset >= MEBIBYTE ? Status.IO_ERROR : Status.OK;
        client.request(NBD_CMD_READ, structured ? NBD_CMD_FLAG_DF : 0, 1, 0, 3 * MEBIBYTE);
        Reply reply = client.reply();
        assertEquals(NBD_EIO, reply.error());
        volume.faults = request -> Status.OK;
        client.request(NBD_CMD_READ, 0, 2, 0, 3 * MEBIBYTE);
        assertEquals(3 * MEBIBYTE, TestClient.readData(client.replies(), 0, 3 * MEBIBYTE).length);
    }
}
