package dev.holdfast.store.log;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import java.util.List;

/**
 * Everything that is to be applied again after a root, in an order in which it can be: of each shard by seq and without
 * a gap, first what the ring has, then what trusted memory has beyond (L5). It applies nothing itself.
 *
 * <p>Use: call {@link #next} until END; after WAIT call it again when {@code ready} has run.
 */
public final class ReplaySet {
    /** What {@link #next} came to. */
    public enum Step {
        /** {@link #entry} is the next change. */
        ENTRY,
        /** Records are being read; {@code ready} will run. */
        WAIT,
        /** There is nothing more. */
        END,
        /** The ring could not be read again as the scan had found it. */
        FAILED
    }

    /**
     * A set from its beginning.
     *
     * @param ring what the scan found
     * @param memories trusted memory, in order of lanes; not relabelled before END
     * @param ready runs on {@code loop} when a WAIT is over
     */
    public ReplaySet(
            Array array, RingFound ring, List<MemoryScan> memories, AppliedSeq applied, Loop loop, Runnable ready) {}

    /** Goes one change on. */
    public Step next() {
        throw Checks.unreachable("the set is built");
    }

    /** The change that the last {@link #next} came to. */
    public ReplayEntry entry() {
        throw Checks.unreachable("the set is built");
    }

    /** For people, after END: one line for every shard or memory log whose run ended at a gap before its last entry. */
    public List<String> cuts() {
        return List.of();
    }
}
