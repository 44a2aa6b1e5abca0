package dev.holdfast.mirror.wire;

import static dev.holdfast.mirror.wire.FrameLayout.*;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.KeptSnapshots;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What {@link FrameReader} looks at in frames about images, and takes out of them. Bytes stay where they lie. */
final class ImageFrames {
    private static final ImagePiece.Kind[] KINDS = ImagePiece.Kind.values();

    private final Crc32c crc;

    ImageFrames(Crc32c crc) {
        this.crc = crc;
    }

    boolean isImageSound(ByteBuffer in, int at, int count) {
        int body = at + HEAD_BYTES;
        int payloadBytes = in.getInt(body + 12);
        long size = in.getLong(body + 24);
        long first = in.getLong(body + 32);
        long end = in.getLong(body + 40);
        boolean sound = isBaseSound(in, body)
                && payloadBytes >= 0
                && payloadBytes <= ImagePiece.MOST_BLOCKS * ImagePiece.BLOCK_BYTES
                && headBytes(IMAGE, count) + payloadBytes == in.getInt(at + LENGTH_AT)
                && size >= 0
                && size <= MOST_BLOCKS * ImagePiece.BLOCK_BYTES
                && first >= 0
                && end >= first
                && end <= Math.ceilDiv(size, ImagePiece.BLOCK_BYTES)
                && in.getInt(body + 52) == 0;
        return sound && areImageRunsSound(in, at, count, payloadBytes);
    }

    private static boolean areImageRunsSound(ByteBuffer in, int at, int count, int payloadBytes) {
        long block = in.getLong(at + HEAD_BYTES + 32);
        long end = in.getLong(at + HEAD_BYTES + 40);
        long withBytes = 0;
        boolean sound = true;
        for (int i = 0; i < count && sound; i++) {
            int run = at + IMAGE_RUNS_AT + i * IMAGE_RUN_BYTES;
            long first = in.getLong(run + 8);
            long blocks = in.getLong(run + 16);
            int kind = in.getInt(run);
            sound = kind >= 1
                    && kind <= KINDS.length
                    && in.getInt(run + 4) == 0
                    && first >= block
                    && first <= end
                    && blocks > 0
                    && blocks <= MOST_BLOCKS
                    && first + blocks <= end;
            block = first + blocks;
            withBytes += kind == 1 ? blocks : 0;
        }
        return sound && withBytes * ImagePiece.BLOCK_BYTES == payloadBytes;
    }

    /** Whether base and position of an image, which stand at the same places in both messages, can be. */
    private static boolean isBaseSound(ByteBuffer in, int body) {
        long base = in.getLong(body);
        long seq = in.getLong(body + 16);
        return base >= 0 && base < seq && seq <= MOST_SEQ && in.getInt(body + 8) > 0;
    }

    /** Whether the history is one whose newest run has the position, and the snapshots are some. */
    boolean isEndSound(ByteBuffer in, int at, int count) {
        int body = at + HEAD_BYTES;
        int runs = in.getShort(body + 12);
        int runsAt = at + END_RUNS_AT;
        boolean sound = isBaseSound(in, body) && runs > 0 && runs <= Message.ImageEnd.MOST_RUNS;
        if (!sound || !FrameReader.areRunsSound(in, runsAt, runs)) {
            return false;
        }
        int last = runsAt + (runs - 1) * RUN_BYTES;
        boolean ends = in.getInt(last) == in.getInt(body + 8) && in.getLong(last + 4) <= in.getLong(body + 16);
        return ends && areZero(in, runsAt + runs * RUN_BYTES, at + END_IDS_AT) && areSnapshotsSound(in, at, count);
    }

    private static boolean areSnapshotsSound(ByteBuffer in, int at, int count) {
        Checks.that(at + headBytes(IMAGE_END, count) <= in.limit(), "snapshots are in their frame", at, count);
        long made = in.getLong(at + HEAD_BYTES + 24);
        boolean isThere = made == 0;
        boolean sound = isNameSound(in, at, made);
        long before = 0;
        for (int i = 0; i < count && sound; i++) {
            long id = in.getLong(at + END_IDS_AT + i * Long.BYTES);
            sound = id > before;
            isThere |= id == made;
            before = id;
        }
        return sound && isThere;
    }

    private static boolean isNameSound(ByteBuffer in, int at, long made) {
        int length = in.getShort(at + HEAD_BYTES + 14);
        boolean fits = length >= 0 && length <= KeptSnapshots.MOST_NAME_BYTES;
        if (!fits || made == 0 && length > 0 || !areZero(in, at + END_NAME_AT + length, at + END_RUNS_AT)) {
            return false;
        }
        byte[] bytes = new byte[length];
        in.get(at + END_NAME_AT, bytes);
        return Arrays.equals(bytes, name(in, at).getBytes(StandardCharsets.UTF_8));
    }

    private static String name(ByteBuffer in, int at) {
        byte[] bytes = new byte[in.getShort(at + HEAD_BYTES + 14)];
        in.get(at + END_NAME_AT, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static boolean areZero(ByteBuffer in, int from, int end) {
        boolean zero = true;
        for (int at = from; at < end; at++) {
            zero &= in.get(at) == 0;
        }
        return zero;
    }

    Message.ImageEnd end(ByteBuffer in, int at, int count, Message.Route route) {
        int body = at + HEAD_BYTES;
        Checks.that(count <= KeptSnapshots.MOST, "not too many snapshots", count);
        List<Long> ids = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ids.add(in.getLong(at + END_IDS_AT + i * Long.BYTES));
        }
        Position to = new Position(in.getInt(body + 8), in.getLong(body + 16));
        KeptSnapshots kept = new KeptSnapshots(ids, in.getLong(body + 24), name(in, at));
        return new Message.ImageEnd(
                route, in.getLong(body), to, FrameReader.history(in, at + END_RUNS_AT, in.getShort(body + 12)), kept);
    }

    Message.Laid laid(ByteBuffer in, int at, Message.Route route) {
        int body = at + HEAD_BYTES;
        Position to = new Position(in.getInt(body), in.getLong(body + 8));
        return new Message.Laid(route, to, in.getLong(body + 16), in.getInt(body + 4) == 0);
    }

    boolean isLaidSound(ByteBuffer in, int at) {
        int body = at + HEAD_BYTES;
        long seq = in.getLong(body + 8);
        long blocks = in.getLong(body + 16);
        boolean position = in.getInt(body) >= 0 && seq >= 0 && seq <= MOST_SEQ;
        boolean flag = in.getInt(body + 4) >>> 1 == 0;
        return position && flag && blocks >= 0 && blocks <= MOST_BLOCKS;
    }

    boolean payloadHolds(ByteBuffer in, int at, int count) {
        int body = at + HEAD_BYTES;
        Checks.that(count <= ImagePiece.MOST_RUNS, "a piece has not too many runs", count);
        return in.getInt(body + 48) == crc.of(in, at + headBytes(IMAGE, count), in.getInt(body + 12));
    }

    Message.Image image(ByteBuffer in, int at, int count, Message.Route route) {
        int body = at + HEAD_BYTES;
        List<ImagePiece.Run> runs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int run = at + IMAGE_RUNS_AT + i * IMAGE_RUN_BYTES;
            runs.add(new ImagePiece.Run(KINDS[in.getInt(run) - 1], in.getLong(run + 8), in.getLong(run + 16)));
        }
        int payloadAt = at + headBytes(IMAGE, count);
        Checks.that(payloadAt + in.getInt(body + 12) <= in.limit(), "a payload is in its frame", payloadAt);
        ByteBuffer bytes = in.slice(at + headBytes(IMAGE, count), in.getInt(body + 12));
        ImagePiece piece = new ImagePiece(in.getLong(body + 32), in.getLong(body + 40), runs, bytes);
        Position to = new Position(in.getInt(body + 8), in.getLong(body + 16));
        return new Message.Image(route, in.getLong(body), to, in.getLong(body + 24), piece);
    }
}
