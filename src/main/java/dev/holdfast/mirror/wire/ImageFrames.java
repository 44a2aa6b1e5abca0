package dev.holdfast.mirror.wire;

import static dev.holdfast.mirror.wire.FrameLayout.*;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import java.nio.ByteBuffer;
import java.util.ArrayList;
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

    /** Whether the newest run of a history, which is sound, has the position. */
    boolean isEndSound(ByteBuffer in, int at, int count) {
        int body = at + HEAD_BYTES;
        boolean sound = isBaseSound(in, body) && in.getInt(body + 12) == 0 && count > 0;
        int last = at + RUNS_AT + (count - 1) * RUN_BYTES;
        Checks.that(count <= MOST_RUNS, "a history has not too many runs", count);
        return sound && in.getInt(last) == in.getInt(body + 8) && in.getLong(last + 4) <= in.getLong(body + 16);
    }

    boolean isLaidSound(ByteBuffer in, int at) {
        int body = at + HEAD_BYTES;
        long seq = in.getLong(body + 8);
        long blocks = in.getLong(body + 16);
        boolean position = in.getInt(body) >= 0 && in.getInt(body + 4) == 0 && seq >= 0 && seq <= MOST_SEQ;
        return position && blocks >= 0 && blocks <= MOST_BLOCKS;
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
