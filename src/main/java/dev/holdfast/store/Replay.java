package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.store.lane.Lane;
import dev.holdfast.store.log.ReplaySet;
import dev.holdfast.store.work.Core;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Applies what the logs hold to the lanes. The set of changes wanders from lane to lane by message: only the loop
 * that has
 * it at the moment touches it. It applies nothing itself and knows no gaps.
 */
final class Replay {
    /** Told on the committer's loop that everything was applied. */
    interface Done {
        /** So many changes; a line for people for each run that ended at a gap. */
        void replayed(long applied, List<String> cuts);
    }

    private final Core core;
    private final List<Lane> lanes;
    private final List<Loop> loops;
    private final Tail tail;
    private final Consumer<String> failed;
    private final Done done;
    private Optional<ReplaySet> changes = Optional.empty();
    private boolean hasEntry;
    private long applied;
    private int at;

    Replay(Core core, List<Lane> lanes, List<Loop> loops, Tail tail, Consumer<String> failed, Done done) {
        this.core = core;
        this.lanes = lanes;
        this.loops = loops;
        this.tail = tail;
        this.failed = failed;
        this.done = done;
    }

    /** Begins; {@code make} gets what to run when a wait is over. */
    void start(Function<Runnable, ReplaySet> make) {
        Checks.that(changes.isEmpty(), "a replay starts once");
        changes = Optional.of(make.apply(() -> goOnAt(at)));
        goOnAt(0);
    }

    private void goOnAt(int lane) {
        at = lane;
        loops.get(lane).post(this::apply);
    }

    private void apply() {
        Checks.that(loops.get(at).isCurrent(), "the changes are here", at);
        ReplaySet set = changes.orElseThrow();
        while (true) {
            ReplaySet.Step step = hasEntry ? ReplaySet.Step.ENTRY : set.next();
            hasEntry = false;
            switch (step) {
                case ENTRY -> {
                    int lane = Recovery.laneOf(set.entry().shard(), lanes.size());
                    if (lane != at) {
                        hasEntry = true;
                        goOnAt(lane);
                        return;
                    }
                    if (lanes.get(lane).replay(set.entry())) {
                        applied++;
                    } else {
                        tail.keep(lane, set.entry());
                    }
                }
                case WAIT -> {
                    return;
                }
                case END -> {
                    core.loop.post(() -> done.replayed(applied, set.cuts()));
                    return;
                }
                case FAILED -> {
                    core.loop.post(() -> failed.accept(
                            "the log could not be read a second time as it was read the first: start again"));
                    return;
                }
            }
        }
    }
}
