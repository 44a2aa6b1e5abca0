package dev.holdfast.node;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.cluster.control.Change;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.io.Loop;
import dev.holdfast.store.Pool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Changes of mirrored volumes that go through their shards' logs: whoever leads carries them out, and the log takes
 * them to the others. A change waits here until this node leads its shard, or until another has done it. On the control
 * loop.
 *
 * <ol>
 *   <li>A change is under way once at a time; what a reign's end took back is tried again by whoever leads next.
 *   <li>It fails only by what its pool said in a reign that still is. That it is done twice does no harm.
 * </ol>
 */
final class LedChanges {
    private static final long LOOK_NANOS = 50_000_000L;

    private final Loop control;
    private final Supplier<ControlState> state;
    private final Supplier<Replicas> replicas;
    private final List<Waiting> waiting = new ArrayList<>();
    private boolean looks;

    /** Does the change on the shard's pool. */
    interface Work {
        void run(Pool pool, int shard, Pool.Answer answer);
    }

    /** One change. */
    private static final class Waiting {
        final Change change;
        final int shard;
        final Work work;
        final Consumer<String> ended;
        boolean isUnderWay;

        Waiting(Change change, int shard, Work work, Consumer<String> ended) {
            this.change = change;
            this.shard = shard;
            this.work = work;
            this.ended = ended;
        }
    }

    LedChanges(Loop control, Supplier<ControlState> state, Supplier<Replicas> replicas) {
        this.control = control;
        this.state = state;
        this.replicas = replicas;
    }

    /** Does {@code work} for {@code change} when this node leads; {@code ended} is told, but not if another did it. */
    void add(Change change, int shard, Work work, Consumer<String> ended) {
        Checks.that(control.isCurrent(), "changes are carried out on the control loop", shard);
        waiting.add(new Waiting(change, shard, work, ended));
        look();
    }

    private void look() {
        waiting.removeIf(one -> !one.isUnderWay && !state.get().intents().containsValue(one.change));
        List.copyOf(waiting).stream().filter(one -> !one.isUnderWay).forEach(this::tryNow);
        if (!looks && !waiting.isEmpty()) {
            looks = true;
            control.after(LOOK_NANOS, () -> {
                looks = false;
                look();
            });
        }
    }

    private void tryNow(Waiting one) {
        Optional<Replicas.Copy> copy = replicas.get().copy(one.shard);
        Optional<Pool> pool = replicas.get().pool(one.shard);
        if (copy.isEmpty() || pool.isEmpty()) {
            return;
        }
        one.isUnderWay = true;
        reign(copy.get(), reign -> {
            if (reign == 0) {
                one.isUnderWay = false;
            } else {
                one.work.run(pool.get(), one.shard, result -> answered(one, copy.get(), reign, result));
            }
        });
    }

    private void answered(Waiting one, Replicas.Copy copy, long before, Pool.Result result) {
        switch (result) {
            case Pool.Result.Done done -> end(one, "");
            case Pool.Result.Refused refused ->
                reign(copy, now -> {
                    if (now == before) {
                        end(one, refused.why());
                    } else {
                        Marks.reached("node.led-change-again");
                        one.isUnderWay = false;
                    }
                });
        }
    }

    private void end(Waiting one, String failure) {
        waiting.remove(one);
        one.ended.accept(failure);
    }

    /** In which reign this node can number changes of the shard, 0 if in none. */
    private void reign(Replicas.Copy copy, Consumer<Long> told) {
        copy.volume().loop().post(() -> {
            boolean numbers =
                    copy.replica().replica().filter(found -> found.numbers()).isPresent();
            long reign = numbers ? copy.volume().reign() : 0;
            control.post(() -> told.accept(reign));
        });
    }
}
