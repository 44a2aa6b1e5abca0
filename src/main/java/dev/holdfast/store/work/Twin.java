package dev.holdfast.store.work;

import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.root.TwinRecord;
import java.nio.ByteBuffer;

/**
 * Who keeps a copy of the pool at another place (pool-mirror.md), as the committer sees it: told of every block and
 * root while it is made, asked which roots that copy may have. It never makes the committer wait. All calls on the
 * committer's loop.
 */
public interface Twin {
    /** No copy. */
    Twin NONE = new None();

    /** Consistency point {@code cp} begins; the one before it is durable here. */
    void begins(long cp);

    /** Roots, by cp, that the copy may have while {@code cp} runs: what they reach is not written. */
    long[] roots();

    /** Blocks of the running consistency point go to {@code address} on; the bytes are valid in this call. */
    void wrote(long address, ByteBuffer blocks);

    /** All blocks of {@code cp} were told. */
    void sent(long cp);

    /** What the next root says of the copy; {@code held} is the list of space held for it. */
    TwinRecord record(SnapshotRecord.DeadList held);

    /** The root is durable here. */
    void durable(Root root);

    /** Of a pool without a copy. */
    record None() implements Twin {
        private static final long[] NO_ROOTS = {};

        @Override
        public void begins(long cp) {
            // Nobody is told.
        }

        @Override
        public long[] roots() {
            return NO_ROOTS;
        }

        @Override
        public void wrote(long address, ByteBuffer blocks) {
            // Nobody is told.
        }

        @Override
        public void sent(long cp) {
            // Nobody is told.
        }

        @Override
        public TwinRecord record(SnapshotRecord.DeadList held) {
            return held.entries() == 0 ? TwinRecord.NONE : withHeld(held);
        }

        private static TwinRecord withHeld(SnapshotRecord.DeadList held) {
            return new TwinRecord(TwinRecord.State.NONE, TwinRecord.Rpo.POINTS, 0, TwinRecord.Known.NOTHING, "", held);
        }

        @Override
        public void durable(Root root) {
            // Nobody is told.
        }
    }
}
