package dev.holdfast.mirror.wire;

import static dev.holdfast.mirror.wire.FrameLayout.*;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.KeptSnapshots;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.EntryReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Puts messages into frames ({@link FrameLayout}). Each payload is copied once, with the checksum it has; none is
 * computed of it. One owner.
 */
public final class FrameWriter {
    private final Crc32c crc = new Crc32c();
    private final EntryReader entries = this::entry;
    private ByteBuffer out = ByteBuffer.allocate(0);
    private int entryAt;
    private int payloadsAt;
    private int payloadEnd;

    /** A writer for one owner. */
    public FrameWriter() {}

    /** Bytes of the frame of {@code message}. Its batch must be {@link Entries}, or empty. */
    public static int bytesOf(Message message) {
        return switch (message) {
            case Message.Past past -> headBytesOf(PAST, past.history().runs().size());
            case Message.Rewind rewind -> headBytesOf(REWIND, 0);
            case Message.Append append -> headBytesOf(APPEND, countOf(append.batch())) + payloadBytesOf(append.batch());
            case Message.Have have -> headBytesOf(HAVE, 0);
            case Message.Image image ->
                headBytesOf(IMAGE, image.piece().runs().size())
                        + image.piece().bytes().remaining();
            case Message.ImageEnd end -> headBytesOf(IMAGE_END, end.kept().ids().size());
            case Message.Laid laid -> headBytesOf(LAID, 0);
            case Message.Resign resign -> headBytesOf(RESIGN, 0);
            case Message.Compare ask -> headBytesOf(COMPARE, 0);
            case Message.Digests answer -> headBytesOf(DIGESTS, answer.digests().size());
            case Message.Want want -> headBytesOf(WANT, 0);
            case Message.Block block -> headBytesOf(BLOCK, 0) + block.bytes().remaining();
        };
    }

    /** Puts the frame of {@code message} at the position of {@code into}, which has room, and moves that behind it. */
    public void put(ByteBuffer into, int shard, Message message) {
        ByteOrder order = into.order();
        out = into.order(ByteOrder.LITTLE_ENDIAN);
        int at = into.position();
        int bytes = bytesOf(message);
        Checks.that(shard >= 0, "a shard has a number", shard);
        Checks.that(into.remaining() >= bytes, "there is room for the frame", into.remaining(), bytes);
        switch (message) {
            case Message.Past past -> past(at, shard, past);
            case Message.Rewind rewind -> rewind(at, shard, rewind);
            case Message.Append append -> append(at, shard, append);
            case Message.Have have -> have(at, shard, have);
            case Message.Image image -> image(at, shard, image);
            case Message.ImageEnd end -> imageEnd(at, shard, end);
            case Message.Laid laid -> laid(at, shard, laid);
            case Message.Resign resign -> head(at, RESIGN, 0, shard, resign.route());
            case Message.Compare ask -> {
                head(at, COMPARE, 0, shard, ask.route());
                CompareFrames.put(out, ask.ranges());
            }
            case Message.Digests answer -> {
                head(at, DIGESTS, answer.digests().size(), shard, answer.route());
                CompareFrames.put(out, answer);
            }
            case Message.Want want -> {
                head(at, WANT, 0, shard, want.route());
                BlockFrames.put(out, want);
            }
            case Message.Block block -> {
                head(at, BLOCK, block.bytes().hasRemaining() ? 1 : 0, shard, block.route());
                BlockFrames.put(out, block, crc);
            }
        }
        seal(at, bytes);
        into.order(order).position(at + bytes);
    }

    /** Puts a frame that says only that somebody is there. */
    static void putBeat(ByteBuffer into, Crc32c crc) {
        int at = into.position();
        ByteOrder order = into.order();
        into.order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < HEAD_BYTES; i += Long.BYTES) {
            into.putLong(at + i, 0);
        }
        into.putInt(at + LENGTH_AT, HEAD_BYTES).put(at + KIND_AT, BEAT);
        into.putInt(at, crc.of(into, at + LENGTH_AT, HEAD_BYTES - LENGTH_AT));
        into.order(order).position(at + HEAD_BYTES);
    }

    private static int countOf(Batch batch) {
        long count = batch.last() - batch.first() + 1;
        Checks.that(count >= 0 && count <= Entries.MOST, "a message has not too many entries", count);
        return (int) count;
    }

    private static int payloadBytesOf(Batch batch) {
        return countOf(batch) == 0 ? 0 : entriesOf(batch).payloadBytes();
    }

    private static Entries entriesOf(Batch batch) {
        if (batch instanceof Entries readable) {
            int bytes = readable.payloadBytes();
            Checks.that(bytes >= 0 && bytes <= Entries.MOST_PAYLOAD_BYTES, "a message is not too long", bytes);
            return readable;
        }
        throw Checks.unreachable("entries that are sent can be read");
    }

    private static int headBytesOf(byte kind, int count) {
        int bytes = headBytes(kind, count);
        Checks.that(bytes > 0, "a message has not too many items", kind, count);
        return bytes;
    }

    private void head(int at, byte kind, int count, int shard, Message.Route route) {
        out.put(at + KIND_AT, kind).put(at + KIND_AT + 1, (byte) 0).putShort(at + COUNT_AT, (short) count);
        out.putInt(at + SHARD_AT, shard).putInt(at + EPOCH_AT, route.epoch()).putInt(at + EPOCH_AT + 4, 0);
        out.putLong(at + FROM_AT, route.from().incarnation());
        out.putLong(at + TO_AT, route.to().incarnation());
        out.position(at + HEAD_BYTES);
    }

    private void seal(int at, int bytes) {
        int headEnd = at + headBytes(out.get(at + KIND_AT), out.getShort(at + COUNT_AT) & 0xFFFF);
        out.putInt(at + LENGTH_AT, bytes);
        out.putInt(at, crc.of(out, at + LENGTH_AT, headEnd - at - LENGTH_AT));
    }

    private void past(int at, int shard, Message.Past past) {
        head(at, PAST, past.history().runs().size(), shard, past.route());
        out.putLong(past.held())
                .putInt(past.mixture().epoch())
                .putInt(0)
                .putLong(past.mixture().seq())
                .putLong(past.rooted());
        history(past.history());
    }

    private void history(History history) {
        for (History.Run run : history.runs()) {
            out.putInt(run.epoch()).putLong(run.firstSeq());
        }
    }

    private void imageEnd(int at, int shard, Message.ImageEnd end) {
        KeptSnapshots kept = end.kept();
        byte[] name = kept.name().getBytes(StandardCharsets.UTF_8);
        head(at, IMAGE_END, kept.ids().size(), shard, end.route());
        out.putLong(end.base()).putInt(end.to().epoch());
        out.putShort((short) end.history().runs().size()).putShort((short) name.length);
        out.putLong(end.to().seq()).putLong(kept.made()).put(name);
        zeroesTo(at + END_RUNS_AT);
        history(end.history());
        zeroesTo(at + END_IDS_AT);
        kept.ids().forEach(out::putLong);
    }

    private void zeroesTo(int end) {
        Checks.that(out.position() <= end, "what stands before has its place", out.position(), end);
        while (out.position() < end) {
            out.put((byte) 0);
        }
    }

    private void laid(int at, int shard, Message.Laid laid) {
        head(at, LAID, 0, shard, laid.route());
        out.putInt(laid.to().epoch())
                .putInt(laid.hasRoom() ? 0 : 1)
                .putLong(laid.to().seq())
                .putLong(laid.blocks());
    }

    private void image(int at, int shard, Message.Image image) {
        ImagePiece piece = image.piece();
        ByteBuffer bytes = piece.bytes();
        head(at, IMAGE, piece.runs().size(), shard, image.route());
        out.putLong(image.base()).putInt(image.to().epoch()).putInt(bytes.remaining());
        out.putLong(image.to().seq()).putLong(image.sizeBytes());
        out.putLong(piece.first()).putLong(piece.end());
        out.putInt(crc.of(bytes, bytes.position(), bytes.remaining())).putInt(0);
        for (ImagePiece.Run run : piece.runs()) {
            out.putInt(run.kind().ordinal() + 1).putInt(0).putLong(run.first()).putLong(run.blocks());
        }
        Checks.that(bytes.remaining() <= Entries.MOST_PAYLOAD_BYTES, "a message is not too long", bytes.remaining());
        Checks.that(out.position() == at + headBytes(IMAGE, piece.runs().size()), "a payload follows its runs", at);
        out.put(out.position(), bytes, bytes.position(), bytes.remaining());
    }

    private void rewind(int at, int shard, Message.Rewind rewind) {
        Position head = rewind.head();
        head(at, REWIND, 0, shard, rewind.route());
        out.putInt(head.epoch()).putInt(0).putLong(head.seq()).putLong(rewind.fork());
    }

    private void have(int at, int shard, Message.Have have) {
        head(at, HAVE, 0, shard, have.route());
        out.putLong(have.held()).putLong(have.logged()).putLong(have.rooted()).putLong(have.sentNanos());
    }

    private void append(int at, int shard, Message.Append append) {
        Batch batch = append.batch();
        int count = countOf(batch);
        int bytes = payloadBytesOf(batch);
        head(at, APPEND, count, shard, append.route());
        out.putInt(append.previous().epoch()).putInt(bytes);
        out.putLong(append.previous().seq());
        Message.Shard told = append.shard();
        out.putLong(told.commit()).putLong(told.stable()).putLong(told.durable());
        out.putLong(append.logUpTo()).putLong(append.sentNanos());
        entryAt = at + ENTRIES_AT;
        payloadsAt = entryAt + count * ENTRY_BYTES;
        payloadEnd = 0;
        for (long seq = batch.first(); seq <= batch.last(); seq++) {
            entriesOf(batch).read(seq, entries);
        }
        Checks.that(entryAt == payloadsAt && payloadEnd == bytes, "a batch is as long as it says", payloadEnd, bytes);
    }

    private void entry(
            int epoch,
            long seq,
            EntryKind kind,
            int flags,
            long offset,
            long lengthBytes,
            ByteBuffer payload,
            int payloadChecksum) {
        int bytes = payload.remaining();
        Checks.that(bytes <= Entries.MOST_PAYLOAD_BYTES - payloadEnd, "payloads fit into a message", seq, bytes);
        out.put(payloadsAt + payloadEnd, payload, payload.position(), bytes);
        payloadEnd += bytes;
        out.put(entryAt, kind.code()).put(entryAt + 1, (byte) flags).putShort(entryAt + 2, (short) 0);
        out.putInt(entryAt + 4, epoch).putLong(entryAt + 8, offset).putLong(entryAt + 16, lengthBytes);
        out.putInt(entryAt + 24, payloadChecksum).putInt(entryAt + 28, payloadEnd);
        entryAt += ENTRY_BYTES;
    }
}
