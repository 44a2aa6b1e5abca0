package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.store.lane.LaneBudget;
import java.util.Arrays;

/**
 * Divides a pool's block cache among its lanes: half of it in equal parts from the start, the rest to whoever fills
 * his, so that a single busy volume has most of it. What a lane has it keeps. Counts frames of 4096 bytes; holds none.
 */
final class CacheShares {
    private static final int FRAME_BYTES = 4096;

    /** Frames are given out in pieces of 4 MiB. */
    private static final int PIECE_FRAMES = 1024;

    private static final long MOST_FRAMES = 1 << 27;

    private final int[] frames;
    private final int first;
    private long left;

    CacheShares(long cacheBytes, int lanes) {
        Checks.that(cacheBytes >= 0 && lanes > 0, "a cache and lanes to share it", cacheBytes, lanes);
        long all = Math.min(cacheBytes / FRAME_BYTES, MOST_FRAMES);
        long half = all / lanes / 2 / PIECE_FRAMES * PIECE_FRAMES;
        boolean isSmall = half < LaneBudget.MIN_CACHE_FRAMES;
        first = (int) (isSmall ? Math.max(LaneBudget.MIN_CACHE_FRAMES, all / lanes) : half);
        left = isSmall ? 0 : (all - half * lanes) / PIECE_FRAMES * PIECE_FRAMES;
        frames = new int[lanes];
        Arrays.fill(frames, first);
    }

    /** What every lane begins with. */
    int first() {
        return first;
    }

    /** How many more {@code lane} gets now: as many as it has, or what is left, perhaps 0. */
    int more(int lane) {
        int more = (int) Math.min(frames[lane], left);
        Checks.that(more % PIECE_FRAMES == 0 || left == 0, "frames go in whole pieces", more, left);
        left -= more;
        frames[lane] += more;
        return more;
    }
}
