package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
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
    private final OpenPlan.Memory plan;
    private final Root root;
    private final List<Optional<MemoryRegion>> left = new ArrayList<>();
    private final List<MemoryRegion> regions = new ArrayList<>();
    private final List<MemoryRegion> outlived = new ArrayList<>();
    private final List<MemoryScan> trusted = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    LaneMemory(OpenPlan.Memory plan, Root root) {
        this.plan = plan;
        this.root = root;
    }

    /**
     * Maps what the last run left. Under the name of a twin just promoted lies what its source has, whatever it says.
     *
     * @throws WorldException if some of it is there and can't be read, or if it is still in another place
     */
    void find() throws WorldException {
        Checks.that(left.isEmpty(), "memory is looked for once");
        LogIdentity expected = identity(root.number().openCounter());
        if (plan.former().isPresent()) {
            refuseToLeave(plan.former().get(), expected);
        }
        for (int lane = 0; lane < root.log().lanes(); lane++) {
            left.add(root.readsOldLog() ? Optional.empty() : findKnown(lane, expected));
        }
    }

    /** A process that died has left changes where it was told to: they come first. */
    private void refuseToLeave(SharedMemory former, LogIdentity expected) throws WorldException {
        for (int lane = 0; lane < root.log().lanes(); lane++) {
            Optional<MemoryRegion> region = former.find(name(lane));
            if (region.isPresent()) {
                boolean needed = MemoryScan.of(region.get().bytes(), expected) instanceof MemoryVerdict.Trusted;
                region.get().close();
                if (needed) {
                    throw new WorldException("changes of the last run are held in " + former.place()
                            + ": start with that --memory-dir and stop cleanly, then it can be another");
                }
            }
        }
    }

    /** What is under a lane's name; what is nothing of this pool's, or not readable any more, is kept for people. */
    private Optional<MemoryRegion> findKnown(int lane, LogIdentity expected) throws WorldException {
        Optional<MemoryRegion> region = plan.place().find(name(lane));
        if (region.isEmpty()) {
            return region;
        }
        switch (MemoryScan.of(region.get().bytes(), expected)) {
            case MemoryVerdict.Trusted found -> trusted.add(found.entries());
            case MemoryVerdict.Foreign foreign
            when foreign.isUnknown() -> {
                try {
                    notes.add(foreign.message() + ": it was set aside as "
                            + region.get().setAside());
                } catch (WorldException refused) {
                    region.get().close();
                    throw refused;
                }
                return Optional.empty();
            }
            case MemoryVerdict.Foreign foreign -> Checks.that(!foreign.isUnknown(), "known, and not needed any more");
        }
        return region;
    }

    /** What was strange, one line for people each. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    /** What may be believed, in order of lanes. */
    List<MemoryScan> trusted() {
        return Mutant.on("store.forget-memory") ? List.of() : List.copyOf(trusted);
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
            Marks.reached("store.fewer-lanes");
            left.get(lane).ifPresent(MemoryRegion::remove);
        }
        for (int lane = left.size(); lane < lanes; lane++) {
            left.add(findKnown(lane, identity(root.number().openCounter())));
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
        if (left.get(lane).isPresent()) {
            MemoryRegion found = left.get(lane).get();
            if (found.bytes().capacity() == plan.bytesPerLane()) {
                return found;
            }
            found.remove();
        }
        return plan.place().open(name(lane), plan.bytesPerLane());
    }

    /** A lane whose memory the next process would not find; -1 if there is none. */
    int withoutName() {
        for (int lane = 0; lane < regions.size(); lane++) {
            if (!regions.get(lane).isLinked()) {
                return lane;
            }
        }
        return -1;
    }

    /**
     * New memory under the lane's name; what was there stays mapped, because maps may still point into it.
     *
     * @throws WorldException if there is no room for it or something else has the name
     */
    MemoryRegion anew(int lane) throws WorldException {
        Checks.that(!regions.get(lane).isLinked(), "memory that lost its name is replaced", lane);
        MemoryRegion region = plan.place().open(name(lane), plan.bytesPerLane());
        outlived.add(regions.set(lane, region));
        return region;
    }

    /** Nothing is held any more: the next run finds nothing. */
    void remove() {
        left.forEach(region -> region.ifPresent(MemoryRegion::remove));
        regions.forEach(MemoryRegion::remove);
        outlived.forEach(MemoryRegion::close);
    }

    /** Unmaps all; what is held stays. */
    void close() {
        left.forEach(region -> region.ifPresent(MemoryRegion::close));
        regions.forEach(MemoryRegion::close);
        outlived.forEach(MemoryRegion::close);
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
