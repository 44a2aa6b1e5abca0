package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.io.MemoryRegion;
import dev.holdfast.io.SharedMemory;
import dev.holdfast.io.WorldException;
import dev.holdfast.store.log.LogIdentity;
import dev.holdfast.store.log.MemoryLog;
import dev.holdfast.store.log.MemoryScan;
import dev.holdfast.store.log.MemoryVerdict;
import dev.holdfast.store.root.Root;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The memory of a pool's lanes: first as an earlier run left it, whatever its lanes and lengths were, then as this run
 * wants it. It does not decide when what was left is no longer needed ({@link Recovery} does).
 *
 * <ul>
 *   <li><b>A1</b> Nothing that was found is changed before {@link #label}.
 *   <li><b>A2</b> All lanes of the run with the newest root's open counter are looked at, however many this one has.
 * </ul>
 */
final class LaneMemory {
    private static final int PAGE_BYTES = 4096;

    private final OpenPlan.Memory plan;
    private final Root root;
    private final List<Optional<MemoryRegion>> left = new ArrayList<>();
    private final List<MemoryRegion> regions = new ArrayList<>();
    private final List<MemoryScan> trusted = new ArrayList<>();

    LaneMemory(OpenPlan.Memory plan, Root root) {
        this.plan = plan;
        this.root = root;
    }

    /**
     * Maps what the last run left.
     *
     * @throws WorldException if some of it is there and can't be read
     */
    void find() throws WorldException {
        Checks.that(left.isEmpty(), "memory is looked for once");
        LogIdentity expected = identity(root.number().openCounter());
        for (int lane = 0; lane < root.log().lanes(); lane++) {
            Optional<MemoryRegion> region = plan.place().find(name(lane));
            left.add(region);
            if (region.isPresent()
                    && MemoryScan.of(region.get().bytes(), expected) instanceof MemoryVerdict.Trusted found) {
                trusted.add(found.entries());
            }
        }
    }

    /** What may be believed, in order of lanes. */
    List<MemoryScan> trusted() {
        return List.copyOf(trusted);
    }

    /** True if the last run may have left more than can be believed. */
    boolean isGone() {
        return trusted.size() < left.size()
                && root.number().cp() > 0
                && !root.log().clean();
    }

    /**
     * Makes the memory an empty log for each of {@code lanes}. Whatever it held is gone, so a root with {@code
     * openCounter} that covers it must be durable.
     *
     * @throws WorldException if there is no room
     */
    List<MemoryLog> label(int lanes, long openCounter) throws WorldException {
        Checks.that(openCounter > root.number().openCounter(), "a newer root covers what was held", openCounter);
        for (int lane = lanes; lane < left.size(); lane++) {
            giveBack(lane);
        }
        List<MemoryLog> logs = new ArrayList<>();
        for (int lane = 0; lane < lanes; lane++) {
            MemoryRegion region = region(lane);
            regions.add(region);
            logs.add(MemoryLog.label(region.bytes(), identity(openCounter), lane, lanes));
        }
        return logs;
    }

    private MemoryRegion region(int lane) throws WorldException {
        if (lane < left.size() && left.get(lane).isPresent()) {
            MemoryRegion found = left.get(lane).get();
            if (found.bytes().capacity() == plan.bytesPerLane()) {
                return found;
            }
            found.close();
        }
        return plan.place().open(name(lane), plan.bytesPerLane());
    }

    /** A lane that is no more keeps a page, as names can't be removed. */
    private void giveBack(int lane) throws WorldException {
        if (left.get(lane).isPresent()) {
            left.get(lane).get().close();
            plan.place().open(name(lane), PAGE_BYTES).close();
        }
    }

    /** Unmaps all; what is held stays. */
    void close() {
        left.forEach(region -> region.ifPresent(MemoryRegion::close));
        regions.forEach(MemoryRegion::close);
    }

    private String name(int lane) {
        return root.poolId() + "-" + lane;
    }

    private LogIdentity identity(long openCounter) {
        SharedMemory place = plan.place();
        return new LogIdentity(
                root.poolId().high(), root.poolId().low(), place.bootIdHigh(), place.bootIdLow(), openCounter);
    }
}
