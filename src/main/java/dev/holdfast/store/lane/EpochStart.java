package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;

/**
 * Where an epoch begins in a shard's changes.
 *
 * @param epoch in which they were numbered
 * @param firstSeq number of the first of them
 */
public record EpochStart(int epoch, long firstSeq) {
    /** Checks what histories rely on. */
    public EpochStart {
        Checks.that(epoch >= 0 && firstSeq > 0, "an epoch begins with a change", epoch, firstSeq);
    }
}
