package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.HandshakeWire.*;
import static dev.holdfast.frontend.nbd.TestClient.infoData;
import static dev.holdfast.frontend.nbd.TestClient.metaContextData;
import static dev.holdfast.frontend.nbd.TestClient.optionBytes;
import static dev.holdfast.frontend.nbd.TestClient.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.frontend.nbd.TestClient.OptionReply;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class HandshakeTest {
    private static final int WRITABLE = NBD_FLAG_HAS_FLAGS
            | NBD_FLAG_SEND_FLUSH
            | NBD_FLAG_SEND_FUA
            | NBD_FLAG_SEND_TRIM
            | NBD_FLAG_SEND_WRITE_ZEROES
            | NBD_FLAG_CAN_MULTI_CONN
            | NBD_FLAG_SEND_CACHE
            | NBD_FLAG_SEND_FAST_ZERO;

    private final TestBed bed = new TestBed();

    @Test
    void goTellsTheExportAndMovesTheConnectionToTheDisksLoop() {
        TestClient client = bed.connect().greet();
        List<OptionReply> replies = client.option(NBD_OPT_GO, infoData("demo"));
        assertEquals(2, replies.size());
        ByteBuffer info = replies.getFirst().buffer();
        assertEquals(NBD_REP_INFO, replies.getFirst().reply());
        assertEquals(NBD_INFO_EXPORT, info.getShort());
        assertEquals(TestBed.SIZE_BYTES, info.getLong());
        assertEquals(WRITABLE, info.getShort());
        assertFalse(info.hasRemaining());
        assertEquals(new Kind(NBD_OPT_GO, NBD_REP_ACK), kind(replies.getLast()));
        assertSame(bed.volumeLoop, client.connection.loop());
    }

    @Test
    void infoTellsWhatIsAskedForAndStaysInTheHandshake() {
        TestClient client = bed.connect().greet();
        byte[] data = infoData("demo", NBD_INFO_NAME, NBD_INFO_DESCRIPTION, NBD_INFO_BLOCK_SIZE, 77, 0xffff);
        List<OptionReply> replies = client.option(NBD_OPT_INFO, data);
        assertEquals(5, replies.size());
        assertArrayEquals(text("\0\1demo"), replies.get(1).data());
        assertArrayEquals(text("\0\2a disk in memory"), replies.get(2).data());
        ByteBuffer blockSize = replies.get(3).buffer();
        assertEquals(NBD_INFO_BLOCK_SIZE, blockSize.getShort());
        assertEquals(1, blockSize.getInt());
        assertEquals(4096, blockSize.getInt());
        assertEquals(32 << 20, blockSize.getInt());
        assertEquals(
                NBD_REP_ACK, client.option(NBD_OPT_LIST, new byte[0]).getLast().reply());
    }

    @Test
    void exportNameAnswersWithoutHeaderAndWithZeroesUnlessAgreedOtherwise() {
        for (boolean noZeroes : new boolean[] {false, true}) {
            TestClient client = bed.connect().greet(NBD_FLAG_C_FIXED_NEWSTYLE | (noZeroes ? NBD_FLAG_C_NO_ZEROES : 0));
            client.send(optionBytes(NBD_OPT_EXPORT_NAME, text("demo")));
            ByteBuffer reply = ByteBuffer.wrap(client.connection.sent());
            assertEquals(noZeroes ? 10 : 134, reply.remaining());
            assertEquals(TestBed.SIZE_BYTES, reply.getLong());
            assertEquals(WRITABLE, reply.getShort());
            while (reply.hasRemaining()) {
                assertEquals(0, reply.get());
            }
            client.request(TransmissionWire.NBD_CMD_FLUSH, 0, 5, 0, 0);
            assertEquals(5, client.reply().cookie());
        }
    }

    @Test
    void theOldNewstyleKnowsExportNameOnly() {
        TestClient good = bed.connect().greet(0);
        good.send(optionBytes(NBD_OPT_EXPORT_NAME, text("demo")));
        assertEquals(134, good.connection.sent().length);
        TestClient bad = bed.connect().greet(0);
        bad.send(optionBytes(NBD_OPT_LIST, new byte[0]));
        assertTrue(bad.connection.isClosed());
    }

    @Test
    void theEmptyNameMeansTheOnlyExport() {
        TestClient client = bed.connect().greet();
        List<OptionReply> replies = client.option(NBD_OPT_INFO, infoData("", NBD_INFO_NAME));
        assertArrayEquals(text("\0\1demo"), replies.get(1).data());
        bed.exports.put("other", bed.volume);
        assertEquals(
                NBD_REP_ERR_UNKNOWN,
                client.option(NBD_OPT_INFO, infoData("")).getLast().reply());
        bed.exports.put("", bed.volume);
        assertEquals(
                NBD_REP_ACK, client.option(NBD_OPT_INFO, infoData("")).getLast().reply());
    }

    @Test
    void anUnknownExportIsRefusedOrEndsAnExportName() {
        TestClient client = bed.connect().greet();
        assertEquals(
                NBD_REP_ERR_UNKNOWN,
                client.option(NBD_OPT_INFO, infoData("none")).getLast().reply());
        assertEquals(
                NBD_REP_ERR_UNKNOWN,
                client.option(NBD_OPT_GO, infoData("none")).getLast().reply());
        client.send(optionBytes(NBD_OPT_EXPORT_NAME, text("none")));
        assertTrue(client.connection.isClosed());
    }

    @Test
    void listNamesEveryExport() {
        bed.exports.put("zweite Platte ü", bed.volume);
        TestClient client = bed.connect().greet();
        List<OptionReply> replies = client.option(NBD_OPT_LIST, new byte[0]);
        assertEquals(3, replies.size());
        assertArrayEquals(
                text("\0\0\0\4demoa disk in memory"), replies.getFirst().data());
        ByteBuffer second = replies.get(1).buffer();
        assertEquals(text("zweite Platte ü").length, second.getInt());
        assertEquals(NBD_REP_ACK, replies.getLast().reply());
        assertEquals(
                NBD_REP_ERR_INVALID,
                client.option(NBD_OPT_LIST, new byte[1]).getLast().reply());
    }

    @Test
    void abortIsAcknowledgedAndEnds() {
        TestClient client = bed.connect().greet();
        assertEquals(
                NBD_REP_ACK, client.option(NBD_OPT_ABORT, text("bye")).getLast().reply());
        assertTrue(client.connection.isClosed());
    }

    @Test
    void unknownOptionsAreRefusedAndTheirBytesSkipped() {
        TestClient client = bed.connect().greet();
        for (int option : new int[] {0, 4, 5, 11, 4711, -1}) {
            byte[] data = new byte[option == 11 ? 0 : 1000];
            Arrays.fill(data, (byte) 0x49);
            OptionReply reply = client.option(option, data).getLast();
            assertEquals(new Kind(option, NBD_REP_ERR_UNSUP), kind(reply));
        }
        assertEquals(
                NBD_REP_ACK, client.option(NBD_OPT_LIST, new byte[0]).getLast().reply());
    }

    @Test
    void metaContextsNeedStructuredReplies() {
        TestClient client = bed.connect().greet();
        byte[] data = metaContextData("demo", "base:allocation");
        assertEquals(
                NBD_REP_ERR_INVALID,
                client.option(NBD_OPT_SET_META_CONTEXT, data).getLast().reply());
        assertEquals(
                NBD_REP_ERR_INVALID,
                client.option(NBD_OPT_STRUCTURED_REPLY, new byte[1]).getLast().reply());
        assertEquals(
                NBD_REP_ACK,
                client.option(NBD_OPT_STRUCTURED_REPLY, new byte[0]).getLast().reply());
        List<OptionReply> replies = client.option(NBD_OPT_SET_META_CONTEXT, data);
        assertEquals(2, replies.size());
        assertArrayEquals(text("\0\0\0\1base:allocation"), replies.getFirst().data());
    }

    @Test
    void metaContextsAreListedByNamespaceAndSelectedByName() {
        TestClient client = bed.connect().greet();
        client.option(NBD_OPT_STRUCTURED_REPLY, new byte[0]);
        assertEquals(
                2,
                client.option(NBD_OPT_LIST_META_CONTEXT, metaContextData("demo"))
                        .size());
        assertEquals(
                2,
                client.option(NBD_OPT_LIST_META_CONTEXT, metaContextData("demo", "base:"))
                        .size());
        assertEquals(
                1,
                client.option(NBD_OPT_LIST_META_CONTEXT, metaContextData("demo", "qemu:"))
                        .size());
        assertEquals(
                1,
                client.option(NBD_OPT_SET_META_CONTEXT, metaContextData("demo")).size());
        assertEquals(
                1,
                client.option(NBD_OPT_SET_META_CONTEXT, metaContextData("demo", "base:"))
                        .size());
        String[] twice = {"x-y:z", "base:allocation", "base:other", "base:allocation"};
        assertEquals(
                2,
                client.option(NBD_OPT_SET_META_CONTEXT, metaContextData("demo", twice))
                        .size());
    }

    @Test
    void malformedMetaContextQueriesAreRefusedAndSelectNothing() {
        TestClient client = bed.connect().greet();
        client.option(NBD_OPT_STRUCTURED_REPLY, new byte[0]);
        byte[] good = metaContextData("demo", "base:allocation");
        byte[][] bad = {
            new byte[0],
            Arrays.copyOf(good, good.length - 1),
            Arrays.copyOf(good, good.length + 1),
            metaContextData("demo", "nonsense"),
            metaContextData("demo", ""),
            ByteBuffer.allocate(8).putInt(0).putInt(-1).array(),
            ByteBuffer.allocate(8).putInt(-1).putInt(1).array(),
        };
        for (byte[] data : bad) {
            client.option(NBD_OPT_SET_META_CONTEXT, good);
            assertEquals(
                    NBD_REP_ERR_INVALID,
                    client.option(NBD_OPT_SET_META_CONTEXT, data).getLast().reply());
        }
        byte[] elsewhere = metaContextData("none", "base:allocation");
        assertEquals(
                NBD_REP_ERR_UNKNOWN,
                client.option(NBD_OPT_SET_META_CONTEXT, elsewhere).getLast().reply());
        client.option(NBD_OPT_GO, infoData("demo"));
        client.structured = true;
        client.request(TransmissionWire.NBD_CMD_BLOCK_STATUS, 0, 1, 0, 4096);
        assertEquals(TransmissionWire.NBD_EINVAL, client.reply().error());
    }

    @Test
    void contextsSelectedForAnotherExportDoNotCount() {
        bed.exports.put("other", bed.volume);
        TestClient client = bed.connect().greet();
        client.option(NBD_OPT_STRUCTURED_REPLY, new byte[0]);
        client.option(NBD_OPT_SET_META_CONTEXT, metaContextData("other", "base:allocation"));
        client.option(NBD_OPT_GO, infoData("demo"));
        client.structured = true;
        client.request(TransmissionWire.NBD_CMD_BLOCK_STATUS, 0, 1, 0, 4096);
        assertEquals(TransmissionWire.NBD_EINVAL, client.reply().error());
    }

    @Test
    void malformedInfoIsRefused() {
        TestClient client = bed.connect().greet();
        byte[] good = infoData("demo", NBD_INFO_BLOCK_SIZE);
        byte[] withNul = infoData("de\0mo");
        byte[] notUtf8 = infoData("demo");
        notUtf8[5] = (byte) 0xff;
        byte[][] bad = {
            new byte[0],
            new byte[5],
            Arrays.copyOf(good, good.length - 1),
            Arrays.copyOf(good, good.length + 2),
            infoData("n".repeat(4097)),
            ByteBuffer.allocate(6).putInt(-1).array(),
            withNul,
            notUtf8,
        };
        for (byte[] data : bad) {
            assertEquals(
                    NBD_REP_ERR_INVALID,
                    client.option(NBD_OPT_GO, data).getLast().reply());
        }
        assertEquals(
                NBD_REP_ERR_UNKNOWN,
                client.option(NBD_OPT_GO, infoData("n".repeat(4096))).getLast().reply());
        assertEquals(NBD_REP_ACK, client.option(NBD_OPT_GO, good).getLast().reply());
    }

    @Test
    void whatIsOutOfStepEndsTheConnectionAndNoOther() {
        TestClient other = bed.connect().greet();
        byte[] badMagic = optionBytes(NBD_OPT_LIST, new byte[0]);
        badMagic[7] ^= 1;
        byte[] tooLong = optionBytes(NBD_OPT_LIST, new byte[0]);
        tooLong[13] = 1;
        tooLong[15] = 1;
        byte[] longName = optionBytes(NBD_OPT_EXPORT_NAME, new byte[4097]);
        for (byte[] bytes : new byte[][] {badMagic, tooLong, longName}) {
            TestClient client = bed.connect().greet();
            client.send(bytes);
            assertTrue(client.connection.isClosed());
        }
        TestClient unknownFlags = bed.connect().greet(4);
        assertTrue(unknownFlags.connection.isClosed());
        assertEquals(
                NBD_REP_ACK,
                other.option(NBD_OPT_GO, infoData("demo")).getLast().reply());
    }

    @Test
    void aClientThatNeverChoosesIsCut() {
        TestClient silent = bed.connect();
        TestClient haggling = bed.connect().greet();
        TestClient chosen = bed.connect().go(false);
        bed.loops.advance(NbdLimits.DEFAULTS.handshakeNanos() - 1);
        assertFalse(silent.connection.isClosed());
        haggling.option(NBD_OPT_LIST, new byte[0]);
        bed.loops.advance(1);
        assertTrue(silent.connection.isClosed());
        assertTrue(haggling.connection.isClosed());
        assertFalse(chosen.connection.isClosed());
    }

    @Test
    void endlessOptionsEndTheConnection() {
        TestClient client = bed.connect().greet();
        for (int i = 0; i < NbdLimits.DEFAULTS.options(); i++) {
            assertEquals(
                    NBD_REP_ERR_UNSUP, client.option(99, new byte[0]).getLast().reply());
        }
        client.send(optionBytes(99, new byte[0]));
        assertTrue(client.connection.isClosed());
    }

    @Test
    void answersThatAreNotTakenStopTheHandshakeUntilTheyAre() {
        for (int i = 0; i < 400; i++) {
            bed.exports.put("n".repeat(3500) + i, bed.volume);
        }
        TestClient client = bed.connect().greet();
        client.connection.peerTakes(false);
        byte[] list = optionBytes(NBD_OPT_LIST, new byte[0]);
        client.send(TestClient.join(list, list, list));
        assertTrue(client.connection.isPaused());
        assertEquals(2 * list.length, client.connection.untakenBytes());
        client.connection.peerTakes(true);
        bed.loops.run();
        assertEquals(3 * 402, client.optionReplies().size());
    }

    @Test
    void theHandshakeComesByteByByte() {
        TestClient client = bed.connect();
        client.connection.segment(1);
        client.go(true);
        client.request(TransmissionWire.NBD_CMD_FLUSH, 0, 9, 0, 0);
        assertEquals(9, client.reply().cookie());
    }

    @Test
    void anExportTakenAwayWhileItsDiskIsAskedIsUnknown() {
        TestClient go = bed.connect().greet();
        TestClient exportName = bed.connect().greet();
        go.connection.feed(optionBytes(NBD_OPT_GO, infoData("demo")));
        exportName.connection.feed(optionBytes(NBD_OPT_EXPORT_NAME, text("demo")));
        bed.serverLoop.post(() -> bed.exports.remove("demo"));
        bed.loops.run();
        assertEquals(NBD_REP_ERR_UNKNOWN, go.optionReplies().getLast().reply());
        assertTrue(exportName.connection.isClosed());
        assertEquals(NBD_REP_ACK, go.option(NBD_OPT_LIST, new byte[0]).getLast().reply());
    }

    @Test
    void aClientThatLeavesWhileTheDiskIsAskedHarmsNothing() {
        TestClient client = bed.connect().greet();
        client.connection.feed(optionBytes(NBD_OPT_GO, infoData("demo")));
        client.connection.cutByPeer();
        bed.loops.run();
        assertTrue(client.connection.isClosed());
        assertEquals(0, bed.server.connections());
    }

    @Test
    void tooManyConnectionsAreTurnedAway() {
        TestBed small = new TestBed(new NbdLimits(2, 10, 1000, 8, 2 << 20, 32 << 20), TestBed.SIZE_BYTES);
        TestClient first = small.connect();
        small.connect();
        assertTrue(small.connect().connection.isClosed());
        first.connection.cutByPeer();
        small.loops.run();
        assertFalse(small.connect().connection.isClosed());
        assertEquals(2, small.server.connections());
    }

    private record Kind(int option, int reply) {}

    private static Kind kind(OptionReply reply) {
        return new Kind(reply.option(), reply.reply());
    }
}
