package dev.holdfast.store;

import dev.holdfast.array.MemberHealth;
import dev.holdfast.array.Mirror;
import dev.holdfast.array.Rebuild;
import dev.holdfast.array.Replacement;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.World;
import dev.holdfast.store.work.Core;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;

/**
 * Brings devices of a mirror that are here but hold old data, or none, up to date while the pool serves, one after
 * another. It says what is copied and when the device counts; how is {@link Rebuild}'s.
 *
 * <ul>
 *   <li><b>U1</b> The newest root that may name the device reads the log from a position behind {@code ready}: every
 *       record from there on went to the device too.
 *   <li><b>U2</b> What was in use when it was passed is copied; what is taken into use later is written to the device
 *       by whoever does. So everything that such a root reaches is on the device.
 *   <li><b>U3</b> The device is a member of the array first, then the newest root is written again with a higher
 *       generation and names it; until that is durable, a crash leaves a device that is rebuilt once more.
 * </ul>
 */
final class Rebuilding {
    private static final int LOOKED_AT_A_TURN = 1 << 16;
    private static final int PERCENT = 100;
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    /** How far the present one is. */
    private enum Phase {
        /** There is none. */
        IDLE,
        /** Changes begin to go to the device. */
        STARTING,
        /** Consistency points until the log that a root needs is on the device (U1). */
        COVERING,
        /** Blocks in use are copied (U2). */
        COPYING,
        /** Everything is made durable, the device a member (U3). */
        FINISHING
    }

    private final World world;
    private final Mirror array;
    private final ArrayDeque<String> blank;
    private final PoolEvents events;
    private Optional<Committer> committer = Optional.empty();
    private Optional<Rebuild> rebuild = Optional.empty();
    private Phase phase = Phase.IDLE;
    private long left;
    private long coveredFrom;
    private long next;
    private boolean stopping;
    private Runnable stopped = () -> {};

    /** {@code blank} are paths of the pool at which disks with nothing on them were found. */
    Rebuilding(World world, Mirror array, List<String> blank, PoolEvents events) {
        this.world = world;
        this.array = array;
        this.blank = new ArrayDeque<>(blank);
        this.events = events;
    }

    /** The pool serves: devices that were found and are no members are brought up to date. */
    void start(Committer serving) {
        Checks.that(committer.isEmpty(), "a pool begins to serve once");
        committer = Optional.of(serving);
        left = array.behind();
        beginNext();
    }

    /** One line for people about what is being done; empty if nothing is. */
    Optional<String> line() {
        if (phase == Phase.IDLE || rebuild.isEmpty()) {
            return Optional.empty();
        }
        long percent = phase == Phase.FINISHING ? PERCENT : next * PERCENT / array.dataBlocks();
        return Optional.of("place " + rebuild.get().slot() + " is being rebuilt: " + percent + " %, "
                + rebuild.get().copiedBlocks() + " blocks copied");
    }

    /**
     * Begins nothing more; {@code then} runs, perhaps at once, when the devices are left alone, or when one has not
     * answered for a while.
     */
    void stop(Runnable then) {
        stopping = true;
        stopped = then;
        if (phase == Phase.IDLE || phase == Phase.COVERING) {
            tellStopped();
        } else {
            core().loop.after(PATIENCE_NANOS, this::tellStopped);
        }
    }

    private void tellStopped() {
        Runnable then = stopped;
        stopped = () -> {};
        then.run();
    }

    private Core core() {
        return running().core();
    }

    private Committer running() {
        return committer.orElseThrow();
    }

    /** A device that failed while the pool served is not tried again before the next start. */
    private void beginNext() {
        phase = Phase.IDLE;
        rebuild = Optional.empty();
        if (left != 0 && !stopping && running().failure().isEmpty()) {
            int slot = Long.numberOfTrailingZeros(left);
            left &= left - 1;
            next = 1;
            phase = Phase.STARTING;
            rebuild = Optional.of(Rebuild.begin(array, slot, this::ready));
        } else if (!blank.isEmpty()
                && array.missing() != 0
                && !stopping
                && running().failure().isEmpty()) {
            replace(blank.removeFirst(), Long.numberOfTrailingZeros(array.missing()));
        }
    }

    /** A disk with nothing on it stands where the pool expects one of its own: it takes a place without a device. */
    private void replace(String path, int slot) {
        phase = Phase.STARTING;
        Replacement replacement = new Replacement(path, slot, world.clock().wallMillis(), false);
        replacement.attach(array, world.disks(), world.entropy(), problem -> {
            if (goesOn(problem)) {
                left |= 1L << slot;
                beginNext();
            }
        });
    }

    private void ready(Optional<String> problem) {
        if (goesOn(problem)) {
            phase = Phase.COVERING;
            GroupCommit commits = running().commits().orElseThrow();
            commits.whenBetweenRecords(() -> {
                coveredFrom = commits.next().position();
                cover();
            });
        }
    }

    /** U1: a consistency point takes a shard's changes up to a marker only, so one may not be enough. */
    private void cover() {
        Checks.that(phase == Phase.COVERING, "the log is covered before blocks are copied");
        running().checkpoint("rebuild", () -> {
            if (stopping) {
                return;
            }
            boolean covered = running().roots().newest().log().position() >= coveredFrom;
            if (!covered && !Mutant.on("store.rebuild-covers-once")) {
                cover();
            } else {
                phase = Phase.COPYING;
                copyNext();
            }
        });
    }

    /** U2: the next blocks in use, looked for in bounded slices. */
    private void copyNext() {
        if (!goesOn(Optional.empty())) {
            return;
        }
        long end = Math.min(array.dataBlocks(), next + LOOKED_AT_A_TURN);
        while (next < end && !core().freeMap.isTaken(next)) {
            next++;
        }
        if (next == array.dataBlocks()) {
            phase = Phase.FINISHING;
            rebuild.orElseThrow().finish(this::finished);
        } else if (next == end) {
            core().loop.post(this::copyNext);
        } else {
            long first = next;
            long most = Math.min(array.dataBlocks(), first + Rebuild.COPY_BLOCKS);
            while (next < most && core().freeMap.isTaken(next)) {
                next++;
            }
            rebuild.orElseThrow().copy(first, (int) (next - first), this::copied);
        }
    }

    private void copied(Optional<String> problem) {
        if (goesOn(problem)) {
            copyNext();
        }
    }

    private void finished(Optional<String> problem) {
        if (!goesOn(problem)) {
            return;
        }
        Marks.reached("store.rebuilt");
        long unreadable = rebuild.orElseThrow().unreadableBlocks();
        if (unreadable > 0) {
            events.note(unreadable + " blocks could be read from no device when place "
                    + rebuild.get().slot() + " was rebuilt");
        }
        running().roots().whenSettled(() -> {
            if (array.health().stream().allMatch(MemberHealth::present)) {
                events.allPresent();
            }
            beginNext();
        });
    }

    /** False if it ended: with a problem, because the pool stops, or because it failed. */
    private boolean goesOn(Optional<String> problem) {
        Checks.that(phase != Phase.IDLE, "a step belongs to a rebuild");
        if (stopping) {
            phase = Phase.IDLE;
            tellStopped();
        } else if (problem.isPresent()) {
            events.note(problem.get());
            beginNext();
        } else if (running().failure().isPresent()) {
            phase = Phase.IDLE;
        } else {
            return true;
        }
        return false;
    }
}
