package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.store.lane.LaneBudget;
import org.junit.jupiter.api.Test;

final class CacheSharesTest {
    private static final long GIBIBYTE = 1L << 30;
    private static final int FRAMES_OF_GIBIBYTE = 1 << 18;

    @Test
    void oneBusyLaneHasAllButTheOthersFirstParts() {
        CacheShares shares = new CacheShares(4 * GIBIBYTE, 2);
        assertEquals(FRAMES_OF_GIBIBYTE, shares.first());
        assertEquals(FRAMES_OF_GIBIBYTE, shares.more(1));
        assertEquals(FRAMES_OF_GIBIBYTE, shares.more(1));
        assertEquals(0, shares.more(1));
        assertEquals(0, shares.more(0));
    }

    @Test
    void twoBusyLanesHaveTheSame() {
        CacheShares shares = new CacheShares(4 * GIBIBYTE, 2);
        assertEquals(FRAMES_OF_GIBIBYTE, shares.more(0));
        assertEquals(FRAMES_OF_GIBIBYTE, shares.more(1));
        assertEquals(0, shares.more(0));
    }

    @Test
    void togetherTheyNeverHaveMoreThanThereIs() {
        for (int lanes = 1; lanes <= 64; lanes++) {
            for (long bytes = 64L << 20; bytes <= 5 * GIBIBYTE; bytes += 333L << 20) {
                CacheShares shares = new CacheShares(bytes, lanes);
                long frames = (long) shares.first() * lanes;
                for (int turn = 0; turn < 1000; turn++) {
                    frames += shares.more(turn * 7 % lanes);
                }
                long least = (long) LaneBudget.MIN_CACHE_FRAMES * lanes;
                assertEquals(true, frames <= Math.max(bytes / 4096, least), lanes + " lanes, " + bytes + " bytes");
            }
        }
    }

    @Test
    void aTinyCacheIsTheLeastThatWorks() {
        CacheShares shares = new CacheShares(1 << 20, 4);
        assertEquals(LaneBudget.MIN_CACHE_FRAMES, shares.first());
        assertEquals(0, shares.more(3));
    }
}
