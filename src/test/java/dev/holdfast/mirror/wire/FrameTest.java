package dev.holdfast.mirror.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Seeds;
import dev.holdfast.base.Violation;
import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import dev.holdfast.store.log.Entry;
import dev.holdfast.store.log.EntryKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Messages have fixed bytes, come back as they were, and nothing else is one. */
final class FrameTest {
    private static final Message.Route ROUTE = new Message.Route(new Member(1, 4), new Member(0, 0x55), 7);
    private static final Message.Shard SHARD = new Message.Shard(30, 20, 10);
    private static final Message PAST = new Message.Past(
            ROUTE,
            new History(List.of(new History.Run(1, 1), new History.Run(6, 0x99))),
            0x1122,
            0x1111,
            new Position(6, 0x2233));
    private static final Message RESIGN = new Message.Resign(ROUTE);
    private static final Message REWIND = new Message.Rewind(ROUTE, new Position(6, 0x101), 0x100);
    private static final Message HAVE = new Message.Have(ROUTE, 9, 8, 7, -2);
    private static final Message QUESTION =
            new Message.Append(ROUTE, new Position(6, 40), Batch.none(40), SHARD, 41, 77);
    private static final Message APPEND = new Message.Append(
            ROUTE,
            new Position(6, 40),
            new ListedEntries(
                    41,
                    List.of(
                            ListedEntries.One.of(6, EntryKind.WRITE, Entry.FUA, 4096, 3, new byte[] {1, 2, 3}),
                            ListedEntries.One.of(7, EntryKind.TRIM, 0, 8192, 65536, new byte[0]),
                            ListedEntries.One.of(7, EntryKind.CONTEXT, 0, 0, 0, new byte[] {(byte) 0xEE}))),
            SHARD,
            41,
            77);
    private static final List<Message> ALL = List.of(
            PAST,
            REWIND,
            HAVE,
            QUESTION,
            APPEND,
            ImageFrameTest.IMAGE,
            ImageFrameTest.END,
            ImageFrameTest.LAID,
            RESIGN,
            BlockFrameTest.WANT,
            BlockFrameTest.NOTHING);

    @Test
    void bytesAreGolden() {
        golden(
                "c4699ac160000000010002000300000007000000000000000400000000000000"
                        + "5500000000000000221100000000000006000000000000003322000000000000"
                        + "1111000000000000010000000100000000000000060000009900000000000000",
                PAST);
        golden(
                "2a55f584" + "40000000" + "02" + "00" + "0000" + "03000000" + "07000000" + "00000000"
                        + "0400000000000000" + "5500000000000000" + "06000000" + "00000000" + "0101000000000000"
                        + "0001000000000000",
                REWIND);
        golden(
                "3440772b" + "28000000" + "09" + "00" + "0000" + "03000000" + "07000000" + "00000000"
                        + "0400000000000000" + "5500000000000000",
                RESIGN);
        golden(
                "3309a54b" + "48000000" + "04" + "00" + "0000" + "03000000" + "07000000" + "00000000"
                        + "0400000000000000" + "5500000000000000" + "0900000000000000" + "0800000000000000"
                        + "0700000000000000" + "feffffffffffffff",
                HAVE);
        golden(
                "76a76916" + "60000000" + "03" + "00" + "0000" + "03000000" + "07000000" + "00000000"
                        + "0400000000000000" + "5500000000000000" + "06000000" + "00000000" + "2800000000000000"
                        + "1e00000000000000" + "1400000000000000" + "0a00000000000000" + "2900000000000000"
                        + "4d00000000000000",
                QUESTION);
        golden(
                "fd451ba0" + "c4000000" + "03" + "00" + "0300" + "03000000" + "07000000" + "00000000"
                        + "0400000000000000" + "5500000000000000" + "06000000" + "04000000" + "2800000000000000"
                        + "1e00000000000000" + "1400000000000000" + "0a00000000000000" + "2900000000000000"
                        + "4d00000000000000" + "01" + "01" + "0000" + "06000000" + "0010000000000000"
                        + "0300000000000000" + "1ef230f1" + "03000000" + "02" + "00" + "0000" + "07000000"
                        + "0020000000000000" + "0000010000000000" + "00000000" + "03000000" + "09" + "00" + "0000"
                        + "07000000" + "0000000000000000" + "0000000000000000" + "6c44351d" + "04000000" + "010203ee",
                APPEND);
    }

    @Test
    void aBeatIsGolden() {
        assertEquals(
                "825f6ccf" + "28000000" + "05" + "00" + "0000" + "00000000" + "00000000" + "00000000"
                        + "0000000000000000" + "0000000000000000",
                HexFormat.of().formatHex(beat().array()));
        assertInstanceOf(Frame.Beat.class, read(beat()));
    }

    static void golden(String expected, Message message) {
        assertEquals(
                expected,
                HexFormat.of().formatHex(RandomMessages.encode(3, message).array()));
    }

    private static ByteBuffer beat() {
        ByteBuffer out = ByteBuffer.allocate(FrameLayout.HEAD_BYTES);
        FrameWriter.putBeat(out, new Crc32c());
        return out.flip().order(ByteOrder.LITTLE_ENDIAN);
    }

    private static Frame read(ByteBuffer bytes) {
        return new FrameReader(1, 0).next(bytes);
    }

    @Test
    void messagesComeBackAsTheyWere() {
        Seeds.each(60, seed -> {
            RandomMessages messages = new RandomMessages(seed, 1, 0);
            for (int round = 0; round < 50; round++) {
                Message message = messages.next();
                ByteBuffer bytes = RandomMessages.encode(round, message);
                Frame.Told told = assertInstanceOf(Frame.Told.class, read(bytes));
                assertEquals(round, told.shard());
                assertEquals(RandomMessages.describe(message), RandomMessages.describe(told.message()));
                assertEquals(0, bytes.remaining());
            }
        });
    }

    @Test
    void framesFollowEachOther() {
        ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
        FrameWriter writer = new FrameWriter();
        for (Message message : ALL) {
            writer.put(bytes, 9, message);
            FrameWriter.putBeat(bytes, new Crc32c());
        }
        bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
        FrameReader reader = new FrameReader(1, 0);
        for (Message message : ALL) {
            Frame.Told told = assertInstanceOf(Frame.Told.class, reader.next(bytes));
            assertEquals(RandomMessages.describe(message), RandomMessages.describe(told.message()));
            assertInstanceOf(Frame.Beat.class, reader.next(bytes));
        }
        assertInstanceOf(Frame.Incomplete.class, reader.next(bytes));
    }

    @Test
    void theOrderOfTheBufferIsLeftAsItWas() {
        ByteBuffer out = ByteBuffer.allocateDirect(1 << 12);
        new FrameWriter().put(out, 1, APPEND);
        assertEquals(ByteOrder.BIG_ENDIAN, out.order());
        FrameWriter.putBeat(out, new Crc32c());
        assertEquals(ByteOrder.BIG_ENDIAN, out.order());
        assertEquals(FrameWriter.bytesOf(APPEND) + FrameLayout.HEAD_BYTES, out.position());
    }

    @Test
    void everyCutIsIncompleteAndTakesNothing() {
        for (Message message : ALL) {
            ByteBuffer whole = RandomMessages.encode(3, message);
            for (int length = 0; length < whole.capacity(); length++) {
                ByteBuffer cut =
                        whole.duplicate().order(ByteOrder.LITTLE_ENDIAN).limit(length);
                assertInstanceOf(Frame.Incomplete.class, read(cut));
                assertEquals(0, cut.position());
            }
        }
    }

    @Test
    void everyChangedBitIsNoticed() {
        for (Message message : ALL) {
            ByteBuffer whole = RandomMessages.encode(3, message);
            for (int bit = 0; bit < 8 * whole.capacity(); bit++) {
                ByteBuffer changed = ByteBuffer.wrap(whole.array().clone()).order(ByteOrder.LITTLE_ENDIAN);
                changed.put(bit / 8, (byte) (changed.get(bit / 8) ^ 1 << bit % 8));
                Frame frame = read(changed);
                if (frame instanceof Frame.Told) {
                    throw new AssertionError("bit " + bit + " of " + message + " may change");
                }
            }
        }
    }

    @Test
    void theLongestMessageFitsIntoAReceiveBuffer() {
        List<ListedEntries.One> many = Collections.nCopies(Entries.MOST, ListedEntries.One.write(7, 0, new byte[2048]));
        Message longest = append(many);
        assertEquals(FrameLayout.MOST_FRAME_BYTES, FrameWriter.bytesOf(longest));
        assertInstanceOf(Frame.Told.class, read(RandomMessages.encode(3, longest)));
        List<ListedEntries.One> large = List.of(ListedEntries.One.write(7, 0, new byte[1 << 20]));
        assertInstanceOf(Frame.Told.class, read(RandomMessages.encode(3, append(large))));
    }

    @Test
    void whatIsTooLongIsNotSent() {
        List<ListedEntries.One> many =
                Collections.nCopies(Entries.MOST + 1, ListedEntries.One.of(7, EntryKind.TRIM, 0, 0, 1, new byte[0]));
        assertThrows(Violation.class, () -> FrameWriter.bytesOf(append(many)));
        List<ListedEntries.One> large = Collections.nCopies(2, ListedEntries.One.write(7, 0, new byte[1 << 19 | 1]));
        assertThrows(Violation.class, () -> FrameWriter.bytesOf(append(large)));
        List<History.Run> runs = IntStream.rangeClosed(1, Message.Past.MOST_RUNS + 1)
                .mapToObj(epoch -> new History.Run(epoch, epoch))
                .toList();
        assertThrows(Violation.class, () -> FrameWriter.bytesOf(new Message.Past(ROUTE, new History(runs), 9999)));
    }

    private static Message append(List<ListedEntries.One> list) {
        return new Message.Append(ROUTE, new Position(6, 40), new ListedEntries(41, list), SHARD, 41, 77);
    }

    @Test
    void whatNoMessageCanSayIsMalformed() {
        malformed(HAVE, bytes -> bytes.put(9, (byte) 1));
        malformed(HAVE, bytes -> bytes.putShort(10, (short) 1));
        malformed(HAVE, bytes -> bytes.putInt(12, -1));
        malformed(HAVE, bytes -> bytes.putInt(16, 0));
        malformed(HAVE, bytes -> bytes.putInt(20, 1));
        malformed(HAVE, bytes -> bytes.putLong(24, 0));
        malformed(HAVE, bytes -> bytes.putLong(32, -1));
        malformed(HAVE, bytes -> bytes.putLong(40, 7));
        malformed(HAVE, bytes -> bytes.putLong(40, (1L << 62) + 1));
        malformed(HAVE, bytes -> bytes.putLong(56, -1));
        malformed(PAST, bytes -> bytes.putLong(40, -1));
        malformed(PAST, bytes -> bytes.putInt(48, -1));
        malformed(PAST, bytes -> bytes.putInt(52, 1));
        malformed(PAST, bytes -> bytes.putLong(56, -1));
        malformed(PAST, bytes -> bytes.putLong(64, -1));
        malformed(PAST, bytes -> bytes.putLong(64, 0x1123));
        malformed(PAST, bytes -> bytes.putInt(72, 0));
        malformed(PAST, bytes -> bytes.putInt(84, 1));
        malformed(PAST, bytes -> bytes.putLong(88, 1));
        malformed(PAST, bytes -> bytes.putShort(10, (short) 1));
        malformed(REWIND, bytes -> bytes.putInt(40, -1));
        malformed(REWIND, bytes -> bytes.putInt(44, 1));
        malformed(REWIND, bytes -> bytes.putLong(48, 0x100));
        malformed(REWIND, bytes -> bytes.putLong(56, -1));
    }

    @Test
    void whatNoAppendCanSayIsMalformed() {
        malformed(QUESTION, bytes -> bytes.putInt(40, 8));
        malformed(QUESTION, bytes -> bytes.putInt(44, 1));
        malformed(QUESTION, bytes -> bytes.putLong(48, -1));
        malformed(QUESTION, bytes -> bytes.putLong(56, -1));
        malformed(QUESTION, bytes -> bytes.putLong(80, -1));
        malformed(APPEND, bytes -> bytes.putInt(44, 5));
        malformed(APPEND, bytes -> bytes.put(96, (byte) 0));
        malformed(APPEND, bytes -> bytes.put(96, EntryKind.REWIND.code()));
        malformed(APPEND, bytes -> bytes.put(97, (byte) Entry.MIRRORED));
        malformed(APPEND, bytes -> bytes.putShort(98, (short) 1));
        malformed(APPEND, bytes -> bytes.putInt(100, 5));
        malformed(APPEND, bytes -> bytes.putInt(100, 8));
        malformed(APPEND, bytes -> bytes.putInt(132, 5));
        malformed(APPEND, bytes -> bytes.putLong(104, -1));
        malformed(APPEND, bytes -> bytes.putLong(112, 4));
        malformed(APPEND, bytes -> bytes.putInt(124, 2));
        malformed(APPEND, bytes -> bytes.putInt(188, 3).putInt(184, 0));
        malformed(APPEND, bytes -> bytes.putInt(164, 8));
        malformed(APPEND, bytes -> bytes.putLong(144, Long.MAX_VALUE));
        malformed(APPEND, bytes -> bytes.putInt(120, 0));
        malformed(APPEND, bytes -> bytes.put(192, (byte) 9));
    }

    /** The same bytes with something changed and the head's checksum right are no message. */
    static void malformed(Message message, Consumer<ByteBuffer> change) {
        ByteBuffer bytes = RandomMessages.encode(3, message);
        change.accept(bytes);
        FrameFuzzTest.seal(bytes);
        Frame frame = read(bytes);
        if (frame instanceof Frame.Told || bytes.position() != 0) {
            throw new AssertionError("taken: " + frame);
        }
    }
}
