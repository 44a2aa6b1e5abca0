package dev.holdfast.sim;

import dev.holdfast.device.Protection;
import dev.holdfast.sim.random.SimRandom;

/**
 * What a simulated pool is made of. Sizes are small so that the ring wraps, memory runs full and blocks are used again
 * within a run.
 *
 * @param copies devices: 1 for single, 2 or 3 for a mirror
 * @param lanes loops that volumes live on
 * @param deviceBytes length of each device
 * @param logBytes length of the ring
 * @param memoryBytes memory of each lane
 * @param cacheBytes block caches of all lanes
 * @param volumeBytes size of the volume, which may be greater than the pool
 */
public record StoreSetup(
        int copies, int lanes, long deviceBytes, long logBytes, int memoryBytes, long cacheBytes, long volumeBytes) {
    /** The least that works, for enumerations that copy it thousands of times. */
    public static final StoreSetup SMALL = new StoreSetup(1, 1, 24 << 20, 1 << 20, 2 << 20, 1 << 20, 1L << 30);

    /** Some setup with {@code copies} devices. */
    static StoreSetup random(SimRandom random, int copies) {
        return new StoreSetup(
                copies,
                1 + random.below(3),
                (long) (24 + random.below(40)) << 20,
                (1L << random.below(3)) << 20,
                (2 << random.below(3)) << 20,
                (1L << random.below(3)) << 20,
                random.oneIn(2) ? 16L << 40 : 1L << 30);
    }

    /** Little of everything, for more work than that can take; the cache is either too small or has room to grow. */
    static StoreSetup tight(SimRandom random) {
        return new StoreSetup(
                1 + random.below(2),
                1 + random.below(3),
                (long) (random.oneIn(2) ? 24 : 7 + random.below(4)) << 20,
                1 << 20,
                2 << 20,
                random.oneIn(2) ? 1 << 20 : 16 << 20,
                random.oneIn(2) ? 16L << 40 : 1L << 30);
    }

    /** Room for a few thousand blocks and many versions of them; the cache holds a long read and a few short ones. */
    static StoreSetup scattered(SimRandom random) {
        int lanes = 1 + random.below(2);
        return new StoreSetup(
                1 + random.below(2), lanes, 64 << 20, 1 << 20, 2 << 20, (3L + random.below(2)) * lanes << 20, 1L << 30);
    }

    Protection protection() {
        return copies == 1 ? Protection.SINGLE : Protection.mirror(copies);
    }
}
