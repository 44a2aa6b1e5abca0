package dev.holdfast.store.lane;

/**
 * Decides when a change that is held here may become visible and be acknowledged. Nothing else of a change's path
 * differs between a volume alone and one that has replicas.
 */
@FunctionalInterface
public interface Gate {
    /** The gate of a volume alone: what is held here is held everywhere. */
    Gate OPEN = Shard::opened;

    /**
     * Change {@code seq} of the shard is held here. The gate calls {@link Shard#opened} now or later, on the shard's
     * loop, with numbers that never go back and never pass what is held.
     */
    void held(Shard shard, long seq);
}
