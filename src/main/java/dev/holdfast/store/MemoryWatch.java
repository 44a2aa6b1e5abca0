package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.io.MemoryRegion;
import dev.holdfast.io.WorldException;
import dev.holdfast.store.lane.Lane;
import dev.holdfast.store.log.LogView;
import java.util.List;

/**
 * Looks now and then whether the memory of the lanes still has its names, and moves a lane whose memory lost it
 * (somebody cleaned up a directory) into new memory. Between the loss and the move a death of the process is like a
 * power cut. On the committer's loop.
 *
 * <p>A move: no log record begins any more -> the lane copies everything in one turn and goes on there -> records are
 * gathered from there. So no record is made from memory in which entries are missing.
 */
final class MemoryWatch {
    private static final long EVERY_NANOS = 5_000_000_000L;

    private final LaneMemory memory;
    private final Committer committer;
    private final PoolEvents events;
    private final List<Lane> lanes;
    private final List<Loop> loops;
    private String trouble = "";

    /** {@code loops} are those of {@code lanes}. */
    MemoryWatch(LaneMemory memory, Committer committer, PoolEvents events, List<Lane> lanes, List<Loop> loops) {
        this.memory = memory;
        this.committer = committer;
        this.events = events;
        this.lanes = lanes;
        this.loops = loops;
    }

    /** The pool serves: looks from now on until it is over. */
    void start() {
        Checks.that(committer.loop().isCurrent(), "on the committer's loop");
        committer.loop().after(EVERY_NANOS, this::look);
    }

    private void look() {
        if (committer.isOver()) {
            return;
        }
        int lost = Mutant.on("store.watch-no-memory") ? -1 : memory.withoutName();
        if (lost < 0) {
            start();
            return;
        }
        try {
            MemoryRegion region = memory.anew(lost);
            committer.commits().orElseThrow().hold(() -> move(lost, region));
        } catch (WorldException refused) {
            events.withdraw(trouble);
            trouble =
                    "the memory of lane " + lost + " lost its name: if the process dies, what was not flushed is lost;"
                            + " it can't be made anew: " + refused.getMessage();
            events.note(trouble);
            start();
        }
    }

    private void move(int lane, MemoryRegion region) {
        loops.get(lane).post(() -> {
            LogView view = lanes.get(lane).moveMemory(region.bytes());
            committer.loop().post(() -> moved(lane, view));
        });
    }

    private void moved(int lane, LogView view) {
        Marks.reached("store.memory-moved");
        events.withdraw(trouble);
        events.note(
                "the memory of lane " + lane + " had lost its name (a directory was cleaned up?) and was made anew");
        committer.commits().orElseThrow().goOn(lane, view);
        look();
    }
}
