package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.store.cache.MergePages;
import dev.holdfast.store.log.Entry;
import dev.holdfast.store.log.MemoryLog;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a lane takes one more change now: memory log, merge pages, blocks granted by the committer. It takes
 * nothing itself. This is where memory stays bounded: what is not admitted stays with the front end.
 *
 * <p>Writes leave headroom, so that changes that nobody can hold back (trims, control entries) fit for a while longer.
 */
final class Admission {
    private static final int BLOCK_BYTES = Entry.SLOT_BYTES;

    /** Entries and slots that writes leave free. */
    static final int HEADROOM = 64;

    /** Entries for each mirrored shard that stay free for taking changes back, which may be what makes room. */
    private static final int REWINDS = 2;

    /** Share of the memory log, less than that at which a consistency point is asked for. */
    private static final double PRESSED_FRACTION = 0.3;

    /** What an empty memory log must have room for. */
    static final int LONGEST_WRITE_BYTES = Entry.MAX_PAYLOAD_BYTES + HEADROOM * BLOCK_BYTES;

    /**
     * After so many consistency points that freed nothing, there is no space: freed blocks come back after the
     * second.
     */
    private static final int SPACE_CHECKPOINTS = 3;

    private final Loop loop;
    private final MergePages pages;
    private final int mostPages;
    private final Triggers triggers;
    private final long mostUncovered;
    private @Nullable MemoryLog log;
    private Status refusal = Status.OK;
    private long granted;
    private long dirty;
    private long promised;
    private long uncovered;
    private long frozenUncovered;
    private int keptEntries;
    private boolean isHostFull;
    private boolean isPaused;
    private boolean lacksSpace;
    private int checkpointsLacking;
    private List<Runnable> waiters = new ArrayList<>();

    Admission(Loop loop, MergePages pages, LaneBudget budget, Triggers triggers) {
        this.loop = loop;
        this.pages = pages;
        this.mostPages = budget.mergePages();
        this.mostUncovered = budget.uncoveredBytes();
        this.triggers = triggers;
    }

    /** Changes are held in {@code memoryLog} from now on. */
    void serve(MemoryLog memoryLog) {
        log = memoryLog;
        boolean hasRoom = log.room(LONGEST_WRITE_BYTES, BLOCK_BYTES - 1);
        boolean isEmpty = log.published() == 0;
        Checks.that(hasRoom || !isEmpty, "an empty memory log takes the longest write", log.maxPayloadBytes());
        Checks.that(log.entriesLeft() > HEADROOM, "a memory log takes an entry at first", log.entriesLeft());
        wake();
    }

    /** A shard of the lane is mirrored: room for {@link #REWINDS} entries is kept from everything else. */
    void keepForRewinds() {
        keptEntries += REWINDS;
    }

    /** Why no change is taken any more, or OK. */
    Status refusal() {
        return refusal;
    }

    /** No change is taken from now on. */
    void refuse(Status why) {
        Checks.that(why != Status.OK, "a refusal has a reason");
        refusal = why;
        wake();
    }

    /**
     * Whether a write of {@code lengthBytes} is taken, or refused, at once; if not, {@link #whenRoom} tells when to
     * ask.
     */
    boolean hasRoom(int lengthBytes) {
        if (refusal != Status.OK) {
            return true;
        }
        if (isPaused) {
            return false;
        }
        if (!fits(lengthBytes + HEADROOM * BLOCK_BYTES, HEADROOM)) {
            Marks.reached("lane.memory-full");
            triggers.ask("memory log");
            return isHostFull;
        }
        if (isGranted(lengthBytes)) {
            lacksSpace = false;
            checkpointsLacking = 0;
            return true;
        }
        lacksSpace = true;
        Marks.reached("lane.space-short");
        if (checkpointsLacking >= SPACE_CHECKPOINTS) {
            return true;
        }
        triggers.ask("space");
        return false;
    }

    /** OK if a write of {@code lengthBytes} may be numbered now; {@link #hasRoom} was asked before. */
    Status admitWrite(int lengthBytes) {
        boolean isStuck = isHostFull && !fits(lengthBytes + HEADROOM * BLOCK_BYTES, HEADROOM);
        if (refusal == Status.OK && (isStuck || !isGranted(lengthBytes))) {
            Marks.reached("lane.no-space");
            return Status.NO_SPACE;
        }
        return refusal;
    }

    /** Whether an entry other than a write fits now. */
    boolean fitsOther(int payloadBytes) {
        if (fits(payloadBytes, 0)) {
            return true;
        }
        triggers.ask("memory log");
        return false;
    }

    /** Whether an entry fits now that takes changes back. */
    boolean fitsRewind() {
        if (log != null && log.entriesLeft() > 0) {
            return true;
        }
        triggers.ask("memory log");
        return false;
    }

    /**
     * Whether a change that was numbered elsewhere fits now; if not, a consistency point is asked for.
     */
    boolean fitsNumbered(boolean isWrite, int payloadBytes) {
        boolean isGranted = !isWrite || isGranted(payloadBytes);
        if (fits(payloadBytes, HEADROOM) && isGranted && refusal == Status.OK) {
            return true;
        }
        triggers.ask(isGranted ? "memory log" : "space");
        return false;
    }

    /** Whether {@code blocks} blocks of an image fit now beside what clients write; if not, a root is asked for. */
    boolean fitsLaid(int blocks) {
        if (refusal == Status.OK && pages.pagesTaken() + blocks <= mostPages / 2 && isGranted(blocks * BLOCK_BYTES)) {
            return true;
        }
        triggers.ask("image");
        return false;
    }

    /** Runs {@code task} in a later turn when there may be room again. */
    void whenRoom(Runnable task) {
        waiters.add(task);
    }

    /** A change made {@code blocks} more blocks dirty. */
    void dirtied(int blocks) {
        Checks.that(blocks >= 0, "a change makes blocks dirty, not clean", blocks);
        dirty += blocks;
    }

    /** So many blocks are not dirty any more, though no root has them. */
    void hidden(long blocks) {
        dirty -= blocks;
        Checks.that(dirty >= 0, "only what was dirty is hidden", dirty, blocks);
    }

    /** A change behind a gate will make up to {@code blocks} blocks dirty; they are counted as if they were. */
    void promise(long blocks) {
        promised += blocks;
    }

    /**
     * Whether mirrored shards may hold {@code bytes} more that no root covers; if not, a consistency point is asked
     * for. Where nothing is held, one change is, however long.
     */
    boolean fitsUncovered(long bytes) {
        if (uncovered == 0 || uncovered + bytes <= mostUncovered) {
            return true;
        }
        Marks.reached("lane.uncovered-full");
        triggers.ask("mirrored");
        return false;
    }

    /** Whether mirrored shards hold so much that no root covers that roots should not wait much longer. */
    boolean isPressed() {
        return uncovered > mostUncovered / 2 || log != null && log.usedFraction() > PRESSED_FRACTION;
    }

    /** Whether writes wait for free blocks. */
    boolean lacksSpace() {
        return lacksSpace;
    }

    /** A mirrored shard holds {@code bytes} more, or less; a consistency point is asked for before that is too much. */
    void uncovered(long bytes) {
        uncovered += bytes;
        Checks.that(uncovered >= 0, "what is covered was held", uncovered, bytes);
        frozenUncovered = Math.min(frozenUncovered, uncovered);
        if (uncovered - frozenUncovered > mostUncovered / 2) {
            triggers.ask("mirrored");
        }
    }

    /** What mirrored shards hold so far goes into a consistency point. */
    void freezesUncovered() {
        frozenUncovered = uncovered;
    }

    /** What was promised has happened, or never will. */
    void kept(long blocks) {
        promised -= blocks;
        Checks.that(promised >= 0, "only what was promised is kept", promised, blocks);
    }

    /** {@code frozen} dirty blocks went into a consistency point, {@code left} are still to go. */
    void frozen(long frozen, long left) {
        dirty = left;
        granted = Math.max(0, granted - frozen);
    }

    /** A consistency point is complete and has let memory go. */
    void installed() {
        frozenUncovered = 0;
        if (lacksSpace) {
            checkpointsLacking++;
        }
        wake();
    }

    /** What is held can't go to the devices for now, or can again. */
    void hostFull(boolean isFull) {
        isHostFull = isFull;
        wake();
    }

    /** Nothing new is taken for now, or is again. */
    void pause(boolean paused) {
        isPaused = paused;
        wake();
    }

    /** At most {@code blocks} may be dirty and not frozen. */
    void grant(long blocks) {
        Checks.that(blocks >= 0, "a grant is not negative", blocks);
        granted = blocks;
        wake();
    }

    /** Blocks dirty and not frozen. */
    long dirtyBlocks() {
        return dirty;
    }

    private boolean isGranted(int lengthBytes) {
        return dirty + promised + lengthBytes / BLOCK_BYTES + 2 <= granted;
    }

    private boolean fits(int payloadBytes, int headroomEntries) {
        return log != null
                && !isPaused
                && log.entriesLeft() > headroomEntries + keptEntries
                && log.room(payloadBytes, BLOCK_BYTES - 1)
                && pages.pagesTaken() + 2 <= mostPages;
    }

    private void wake() {
        if (waiters.isEmpty()) {
            return;
        }
        List<Runnable> woken = waiters;
        waiters = new ArrayList<>();
        for (Runnable task : woken) {
            loop.post(task);
        }
    }
}
