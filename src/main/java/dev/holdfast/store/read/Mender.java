package dev.holdfast.store.read;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.cache.BlockCache;
import java.nio.ByteBuffer;

/**
 * Gets blocks that no device here has right from other copies of their shard: into the cache, so that whoever reads
 * goes on, and to the committer, which writes them where they belong. It decides nothing but what is proven. On the
 * lane's loop.
 *
 * <ol>
 *   <li>Bytes are taken only if they have the checksum that the pointer here names: who gave them, and when, has no
 *       part in it.
 * </ol>
 */
public final class Mender {
    private static final int BLOCK_BYTES = BlockCache.FRAME_BYTES;

    private final BlockCache cache;
    private final ReadEvents events;
    private final OtherCopies others;
    private final Crc32c crc = new Crc32c();

    /** Asks {@code others}. */
    public Mender(BlockCache cache, ReadEvents events, OtherCopies others) {
        this.cache = cache;
        this.events = events;
        this.others = others;
    }

    /** Asks for a block for which nobody waits here; it is written to its place if somebody has it. */
    public void mend(LostBlock lost) {
        others.ask(lost, new Asked(lost, () -> {}));
    }

    /** Asks for a block that {@code read} lacks and waits for from now on; false if nobody is there to be asked. */
    boolean ask(LostBlock lost, ParkedRead read) {
        if (!others.ask(lost, new Asked(lost, read::fetched))) {
            return false;
        }
        Marks.reached("read.asks-other-copies");
        read.asked(lost);
        return true;
    }

    private final class Asked implements OtherCopies.Wanted {
        private final LostBlock lost;
        private final Runnable then;
        private boolean isOver;

        Asked(LostBlock lost, Runnable then) {
            this.lost = lost;
            this.then = then;
        }

        @Override
        public boolean offered(ByteBuffer bytes) {
            Checks.that(bytes.remaining() == BLOCK_BYTES, "a whole block is offered", bytes.remaining());
            boolean isProven = crc.ofBlock(bytes, bytes.position()) == lost.checksum();
            if (!isProven && !Mutant.on("read.take-unproven")) {
                Marks.reached("read.offered-something-else");
                return false;
            }
            take(bytes);
            end();
            return true;
        }

        /** A frame that is there already is good, or being filled for somebody. */
        private void take(ByteBuffer bytes) {
            int frame = cache.locate(lost.address(), lost.birth()) < 0
                    ? cache.insert(lost.address(), lost.birth(), false)
                    : -1;
            if (frame >= 0) {
                cache.bytes(frame).put(cache.offset(frame), bytes, bytes.position(), BLOCK_BYTES);
                cache.ready(frame);
            }
            ByteBuffer copy = ByteBuffer.allocate(BLOCK_BYTES);
            events.mendable(lost, copy.put(0, bytes, bytes.position(), BLOCK_BYTES));
        }

        @Override
        public void nobody() {
            end();
        }

        private void end() {
            Checks.that(!isOver, "who asks is told once how it ended", lost.block());
            isOver = true;
            then.run();
        }
    }
}
