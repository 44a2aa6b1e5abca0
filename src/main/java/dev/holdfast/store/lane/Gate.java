package dev.holdfast.store.lane;

/**
 * Decides when a change that is held here may become visible and be acknowledged. Nothing else of a change's path
 * differs between a volume alone and one that has replicas.
 */
@FunctionalInterface
public interface Gate {
    /** The gate of a volume alone: what is held here is held everywhere. */
    Gate OPEN = Shard::opened;

    /** The gate of a mirrored shard to which no protocol is attached: whatever is held waits. */
    Gate CLOSED = (shard, seq) -> {};

    /**
     * Change {@code seq} of the shard is held here. The gate calls {@link Shard#opened} now or later, on the shard's
     * loop, with numbers that never go back and never pass what is held.
     */
    void held(Shard shard, long seq);

    /**
     * A consistency point could take changes of the shard up to {@code seq}, all of them visible, if they were stable:
     * logged by every replica of the in-sync set. The gate sees to that, and calls {@link ReplicaShard#stable} later.
     * Said again every few seconds while it is not so. A volume alone is not asked.
     */
    default void stabilityWanted(Shard shard, long seq) {}

    /**
     * Somebody waits until what is visible of the shard is on stable storage with every replica of the in-sync set. The
     * gate sees to that, and calls {@link ReplicaShard#flushed} later. A volume alone is not asked.
     */
    default void flushWanted(Shard shard) {}

    /** An image was laid, and a durable root has it: the shard stands at another position. */
    default void imageLaid(Shard shard) {}

    /** The pool keeps nothing any more, and who waited here was told. */
    default void failed(Shard shard) {}
}
