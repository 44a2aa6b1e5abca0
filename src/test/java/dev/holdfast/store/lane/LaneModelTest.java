package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A disk against an array of bytes: reads, writes, trims and zeroes at any byte, flushes, extents and sizes, while
 * group commits and consistency points come as they like. A failing seed is in the test's name; another one is walked
 * with {@code -Dlane.seed=N}.
 */
final class LaneModelTest {
    private static final int STEPS = 5_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aTinyCacheChangesNothing(long seed) {
        walk(seed, LaneBudget.MIN_CACHE_FRAMES, 8 << 20, 64 << 10);
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void aBigCacheChangesNothing(long seed) {
        walk(seed, 8192, 8 << 20, 64 << 10);
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23})
    void theLongestTransfersAndASmallMemoryLogChangeNothing(long seed) {
        walk(seed, LaneBudget.MIN_CACHE_FRAMES, 3 << 20, 1 << 20);
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 32})
    void smallPiecesOfFewBlocksChangeNothing(long seed) {
        walk(seed, LaneBudget.MIN_CACHE_FRAMES, 4 << 20, 1500);
    }

    @Test
    void theSeedAskedForChangesNothing() {
        walk(Long.getLong("lane.seed", 99), LaneBudget.MIN_CACHE_FRAMES, 4 << 20, 32 << 10);
    }

    private static void walk(long seed, int cacheFrames, int memoryBytes, int longest) {
        LaneWalk walk = new LaneWalk(seed);
        walk.walk(cacheFrames, memoryBytes, longest, STEPS);
        assertTrue(walk.compared() > 5_000_000, "enough was compared: " + walk.compared());
        assertTrue(walk.checkpoints() > 5, "enough was installed: " + walk.checkpoints());
    }
}
