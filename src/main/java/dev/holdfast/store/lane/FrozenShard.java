package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.store.cache.DirtyMap;
import java.util.List;
import java.util.Optional;

/**
 * One shard's changes for one consistency point.
 *
 * @param meta what the shard is after these changes
 * @param epochs in which they were numbered, with the first of them in each; the first may have begun before
 * @param appliedSeq number of the last of them
 * @param changes sealed; absent when only control entries changed anything
 * @param control the other entries in order; a snapshot or pin marker comes last and at most once. A resize that
 *     shrinks has its cut also in {@code changes}, as a zero range
 * @param mirrored what is said of a mirrored shard besides
 */
public record FrozenShard(
        ShardMeta meta,
        List<EpochStart> epochs,
        long appliedSeq,
        Optional<DirtyMap> changes,
        List<ControlEntry> control,
        Mirrored mirrored) {
    /**
     * What a shard alone has not.
     *
     * @param image of which the changes are a part, in place of changes that are numbered; if it is whole, epochs and
     *     appliedSeq are the shard's from now on
     * @param durableSeq every replica has changes up to here on stable storage
     */
    public record Mirrored(Optional<LaidImage.Mark> image, long durableSeq) {}

    /** Checks what a consistency point relies on. */
    public FrozenShard {
        Checks.that(appliedSeq > 0, "a shard that is frozen has changed", appliedSeq);
        Checks.that(!epochs.isEmpty(), "a change has an epoch", appliedSeq);
    }
}
