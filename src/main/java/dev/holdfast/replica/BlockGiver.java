package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.ReplicaShard;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.function.Consumer;

/**
 * Gives other replicas blocks that their disks have lost: out of whichever tree here has them, else as readers see them
 * here, which may be something else. Who asked proves what he takes. On the shard's loop.
 */
final class BlockGiver {
    private static final int BLOCK_BYTES = ImagePiece.BLOCK_BYTES;
    private static final int MOST_AT_ONCE = 64;
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);

    private final ReplicaShard shard;
    private final Pool pool;
    private final Consumer<Message> send;
    private final LinkedHashSet<Asked> underWay = new LinkedHashSet<>();

    private record Asked(Member from, long block, int checksum) {}

    BlockGiver(ReplicaShard shard, Pool pool, Consumer<Message> send) {
        this.shard = shard;
        this.pool = pool;
        this.send = send;
    }

    /** Answers later, unless too much is under way: it is asked again. */
    void give(Message.Want want) {
        Checks.that(shard.shard().loop().isCurrent(), "messages come on the shard's loop", want.block());
        Asked asked = new Asked(want.route().from(), want.block(), want.checksum());
        if (underWay.size() < MOST_AT_ONCE && underWay.add(asked)) {
            pool.find(
                    shard.shard().id(),
                    want.block(),
                    want.checksum(),
                    shard.shard().loop(),
                    found -> {
                        if (found.isKnown()) {
                            answer(want, found.bytes().orElse(NONE));
                        } else {
                            read(want);
                        }
                    });
        }
    }

    private void answer(Message.Want want, ByteBuffer bytes) {
        underWay.remove(new Asked(want.route().from(), want.block(), want.checksum()));
        Message.Route back = new Message.Route(
                want.route().to(), want.route().from(), want.route().epoch());
        send.accept(new Message.Block(back, want.block(), want.checksum(), bytes));
    }

    /** A root of who asks has what is in no root here yet. */
    private void read(Message.Want want) {
        long left = shard.shard().sizeBytes() - want.block() * BLOCK_BYTES;
        if (left <= 0 || shard.shard().isDeleted()) {
            answer(want, NONE);
            return;
        }
        OneRead read = new OneRead(want, (int) Math.min(left, BLOCK_BYTES));
        shard.shard().submit(read.request);
    }

    private final class OneRead implements Request.Completion {
        private final Message.Want want;
        private final ByteBuffer space = ByteBuffer.allocateDirect(BLOCK_BYTES);
        private final Request request = new Request(this);

        OneRead(Message.Want want, int lengthBytes) {
            this.want = want;
            request.kind = Request.Kind.READ;
            request.offset = want.block() * BLOCK_BYTES;
            request.lengthBytes = lengthBytes;
        }

        @Override
        public ByteBuffer readSpace(Request of) {
            return space.slice(0, (int) of.lengthBytes);
        }

        @Override
        public void extent(Request of, long lengthBytes, boolean allocated) {
            throw Checks.unreachable("nobody asks for extents");
        }

        @Override
        public void completed(Request of, Status status) {
            answer(want, status == Status.OK ? space.clear() : NONE);
        }
    }
}
