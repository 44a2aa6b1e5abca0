package dev.holdfast.mirror.wire;

import static dev.holdfast.mirror.wire.FrameLayout.*;

import dev.holdfast.base.Checks;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What stands in frames by which replicas are compared. */
final class CompareFrames {
    private CompareFrames() {}

    static boolean isAskSound(ByteBuffer in, int at) {
        int body = at + HEAD_BYTES;
        long first = in.getLong(body + 8);
        int unitBlocks = in.getInt(body + 16);
        int units = in.getShort(body + 20);
        int reads = in.get(body + 22);
        return in.getLong(body) > 0
                && first >= 0
                && first <= MOST_BLOCKS
                && unitBlocks > 0
                && unitBlocks <= Message.Ranges.MOST_UNIT_BLOCKS
                && units > 0
                && units <= Message.Ranges.MOST_UNITS
                && (reads == 0 || reads == 1)
                && in.get(body + 23) == 0;
    }

    static boolean isAnswerSound(ByteBuffer in, int at, int count) {
        int body = at + HEAD_BYTES;
        long seq = in.getLong(body + 32);
        long size = in.getLong(body + 40);
        boolean sound = isAskSound(in, at)
                && count <= in.getShort(body + 20)
                && in.getInt(body + 24) >= 0
                && in.getInt(body + 28) == 0
                && seq >= 0
                && seq <= MOST_SEQ
                && size >= 0
                && size <= MOST_BLOCKS * ImagePiece.BLOCK_BYTES;
        for (int i = 0; i < count && sound; i++) {
            int blocks = in.getInt(body + DIGESTS_BYTES + i * DIGEST_BYTES + 8);
            sound = blocks >= 0 && blocks <= in.getInt(body + 16);
        }
        return sound;
    }

    static Message.Ranges ranges(ByteBuffer in, int at) {
        Checks.that(isAskSound(in, at), "what is taken was found sound", at);
        int body = at + HEAD_BYTES;
        return new Message.Ranges(
                in.getLong(body),
                in.getLong(body + 8),
                in.getInt(body + 16),
                in.getShort(body + 20),
                in.get(body + 22) == 1);
    }

    static Message answer(ByteBuffer in, int at, int count, Message.Route route) {
        int body = at + HEAD_BYTES;
        Checks.that(count >= 0 && count <= Message.Ranges.MOST_UNITS, "not more than fit into a message", count);
        List<Message.Digest> digests = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int digest = body + DIGESTS_BYTES + i * DIGEST_BYTES;
            digests.add(new Message.Digest(in.getLong(digest), in.getInt(digest + 8)));
        }
        Position made = new Position(in.getInt(body + 24), in.getLong(body + 32));
        return new Message.Digests(route, ranges(in, at), made, in.getLong(body + 40), digests);
    }

    /** Behind the head. */
    static void put(ByteBuffer out, Message.Ranges ranges) {
        Checks.that(ranges.first() <= MOST_BLOCKS, "a block of a shard", ranges.first());
        out.putLong(ranges.snapshot()).putLong(ranges.first()).putInt(ranges.unitBlocks());
        out.putShort((short) ranges.units())
                .put((byte) (ranges.reads() ? 1 : 0))
                .put((byte) 0);
    }

    /** Behind the head. */
    static void put(ByteBuffer out, Message.Digests answer) {
        Checks.that(
                answer.digests().size() <= Message.Ranges.MOST_UNITS,
                "as many as fit",
                answer.digests().size());
        put(out, answer.ranges());
        out.putInt(answer.at().epoch()).putInt(0).putLong(answer.at().seq()).putLong(answer.sizeBytes());
        for (Message.Digest digest : answer.digests()) {
            out.putLong(digest.digest()).putInt(digest.blocks());
        }
    }
}
