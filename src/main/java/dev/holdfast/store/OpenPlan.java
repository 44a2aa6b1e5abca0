package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Loop;
import dev.holdfast.io.SharedMemory;
import java.util.List;
import java.util.Optional;

/**
 * What it takes to open a pool.
 *
 * @param paths the devices
 * @param pool whose they must be, if known
 * @param memory where changes are held until a root covers them
 * @param lanes the loops that disks live on, one lane each; the committer has a loop of its own
 * @param cacheBytes the block caches of all lanes together
 * @param acceptLoss go on although something that was flushed is lost, with what can still be read
 */
public record OpenPlan(
        List<String> paths,
        Optional<Id128> pool,
        Memory memory,
        List<Loop> lanes,
        long cacheBytes,
        boolean acceptLoss) {
    /** The most lanes of a pool. */
    public static final int MOST_LANES = 64;

    /** Checks the counts. */
    public OpenPlan {
        Checks.that(!paths.isEmpty(), "a pool has devices");
        Checks.that(!lanes.isEmpty() && lanes.size() <= MOST_LANES, "a pool has lanes", lanes.size());
    }

    /**
     * Memory that outlives the process.
     *
     * @param place where
     * @param bytesPerLane length of each lane's region, a multiple of 4096, at most 1 GiB
     */
    public record Memory(SharedMemory place, int bytesPerLane) {}
}
