package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.store.log.MemoryLog;

/**
 * What a lane may use.
 *
 * @param cacheFrames blocks of 4096 bytes in its cache
 * @param mergePages pages of 4096 bytes for bytes that are not whole blocks; more of them wait
 * @param oldestNanos how old a change may get before a consistency point is asked for
 * @param uncoveredBytes how much mirrored shards may hold that no root covers, in slots and descriptors
 */
public record LaneBudget(int cacheFrames, int mergePages, long oldestNanos, long uncoveredBytes) {
    /** A budget without a bound for mirrored shards. */
    public LaneBudget(int cacheFrames, int mergePages, long oldestNanos) {
        this(cacheFrames, mergePages, oldestNanos, Long.MAX_VALUE);
    }

    /** Least cache: half of it serves the longest read. */
    public static final int MIN_CACHE_FRAMES = 600;

    /** So many entries a memory log has room for when a lane begins to serve. */
    public static final int LEAST_ENTRIES = 2 * Admission.HEADROOM;

    /** Five seconds, as a consistency point's age is unless somebody has a reason. */
    public static final long OLDEST_NANOS = 5_000_000_000L;

    /** Least memory of a lane, in bytes, a multiple of 4096: the longest write always fits in when it is empty. */
    public static int leastMemoryBytes() {
        return MemoryLog.regionBytesFor(Admission.LONGEST_WRITE_BYTES);
    }

    /** Checks that a lane can work with this. */
    public LaneBudget {
        Checks.that(cacheFrames >= MIN_CACHE_FRAMES, "the cache serves the longest read", cacheFrames);
        Checks.that(mergePages >= 8 && oldestNanos > 0, "there are pages and an age", mergePages, oldestNanos);
    }
}
