package dev.holdfast.mirror.wire;

import static dev.holdfast.mirror.wire.FrameLayout.*;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.Message;
import java.nio.ByteBuffer;

/** What stands in frames by which a replica gets a block that its disks have lost. Bytes stay where they lie. */
final class BlockFrames {
    private BlockFrames() {}

    /** Bytes behind the head of a frame of {@code kind}, if its kind and count say that. */
    static int payloadBytes(byte kind, int count) {
        return kind == BLOCK ? count * ImagePiece.BLOCK_BYTES : 0;
    }

    static boolean isWantSound(ByteBuffer in, int at) {
        int body = at + HEAD_BYTES;
        long block = in.getLong(body);
        return block >= 0 && block <= MOST_BLOCKS && in.getInt(body + 12) == 0;
    }

    static boolean isBlockSound(ByteBuffer in, int at, int count) {
        int body = at + HEAD_BYTES;
        boolean sums = count == 1 || in.getInt(body + 16) == 0;
        return isWantSound(in, at) && sums && in.getInt(body + 20) == 0;
    }

    static boolean payloadHolds(ByteBuffer in, int at, int count, Crc32c crc) {
        int payloadAt = at + HEAD_BYTES + BLOCK_BYTES;
        Checks.that(payloadAt + payloadBytes(BLOCK, count) <= in.limit(), "a payload is in its frame", payloadAt);
        return count == 0 || in.getInt(at + HEAD_BYTES + 16) == crc.ofBlock(in, payloadAt);
    }

    static Message want(ByteBuffer in, int at, Message.Route route) {
        int body = at + HEAD_BYTES;
        return new Message.Want(route, in.getLong(body), in.getInt(body + 8));
    }

    static Message block(ByteBuffer in, int at, int count, Message.Route route) {
        int body = at + HEAD_BYTES;
        ByteBuffer bytes = in.slice(body + BLOCK_BYTES, payloadBytes(BLOCK, count));
        return new Message.Block(route, in.getLong(body), in.getInt(body + 8), bytes);
    }

    /** Behind the head. */
    static void put(ByteBuffer out, Message.Want want) {
        Checks.that(want.block() <= MOST_BLOCKS, "a block of a shard", want.block());
        out.putLong(want.block()).putInt(want.checksum()).putInt(0);
    }

    /** Behind the head. */
    static void put(ByteBuffer out, Message.Block answer, Crc32c crc) {
        ByteBuffer bytes = answer.bytes();
        Checks.that(answer.block() <= MOST_BLOCKS, "a block of a shard", answer.block());
        out.putLong(answer.block()).putInt(answer.checksum()).putInt(0);
        out.putInt(bytes.hasRemaining() ? crc.ofBlock(bytes, bytes.position()) : 0)
                .putInt(0);
        out.put(out.position(), bytes, bytes.position(), bytes.remaining());
    }
}
