package dev.holdfast.store.log;

/** What the newest root covers. */
@FunctionalInterface
public interface AppliedSeq {
    /**
     * Number of the last change of the shard that the root covers. 0 for a shard the root has never heard of, {@link
     * Long#MAX_VALUE} for one it knows as deleted.
     */
    long of(int shard);

    /** Entries of the memory log of the shard's lane with lower numbers do not count: covered, or void. */
    default long firstEntry(int shard) {
        return 0;
    }
}
