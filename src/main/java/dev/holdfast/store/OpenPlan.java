package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Loop;
import dev.holdfast.io.SharedMemory;
import dev.holdfast.store.root.GenerationKeeper;
import java.util.List;
import java.util.Optional;

/**
 * What it takes to open a pool.
 *
 * @param paths the devices
 * @param known what is known of the pool beside what its devices say
 * @param memory where changes are held until a root covers them
 * @param lanes the loops that disks live on, one lane each; the committer has a loop of its own
 * @param cacheBytes the block caches of all lanes together
 * @param acceptLoss go on although something that was flushed is lost, with what can still be read
 */
public record OpenPlan(
        List<String> paths, Known known, Memory memory, List<Loop> lanes, long cacheBytes, boolean acceptLoss) {
    /** The most lanes of a pool. */
    public static final int MOST_LANES = 64;

    /** Checks the counts. */
    public OpenPlan {
        Checks.that(!paths.isEmpty(), "a pool has devices");
        Checks.that(!lanes.isEmpty() && lanes.size() <= MOST_LANES, "a pool has lanes", lanes.size());
    }

    /**
     * What others than the devices know of a pool.
     *
     * @param pool its id, if somebody knows
     * @param keeper who remembers its newest generation
     */
    public record Known(Optional<Id128> pool, GenerationKeeper keeper) {
        /** Nobody knows anything. */
        public static final Known NOTHING = new Known(Optional.empty(), GenerationKeeper.NONE);
    }

    /**
     * Memory that outlives the process.
     *
     * @param place where
     * @param bytesPerLane length of each lane's region, a multiple of 4096, at most 1 GiB
     * @param former where it was before, if somebody wants it elsewhere now
     */
    public record Memory(SharedMemory place, int bytesPerLane, Optional<SharedMemory> former) {
        /** Memory where it always was. */
        public Memory(SharedMemory place, int bytesPerLane) {
            this(place, bytesPerLane, Optional.empty());
        }
    }
}
