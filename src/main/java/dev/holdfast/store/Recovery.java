package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.WorldException;
import dev.holdfast.store.checkpoint.LaneLink;
import dev.holdfast.store.lane.Lane;
import dev.holdfast.store.lane.LaneBudget;
import dev.holdfast.store.lane.ShardOpening;
import dev.holdfast.store.log.LogView;
import dev.holdfast.store.log.MemoryLog;
import dev.holdfast.store.log.MemoryScan;
import dev.holdfast.store.log.ReplaySet;
import dev.holdfast.store.log.RingFound;
import dev.holdfast.store.log.RingStart;
import dev.holdfast.store.log.RingWriter;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.StagingWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * From the newest root and what the logs hold to a pool that serves: replay, consistency points until nothing is
 * dirty, a
 * root with the next open counter, memory labelled anew, then the first answer. It opens nothing.
 *
 * <ul>
 *   <li><b>V1</b> The open counter advances only in a root that covers every replayed change (L6).
 *   <li><b>V2</b> Memory is labelled anew only when that root is durable; a crash before finds the old root and
 *       the old memory.
 *   <li><b>V3</b> Of a mirrored shard nothing is applied but its creation. What it holds beyond the root is durable in
 *       the ring under the next open counter before that root begins ({@link Tail}).
 * </ul>
 */
final class Recovery {
    /** How it ended. */
    sealed interface Outcome {
        /** The pool serves. */
        record Serves(Pool pool) implements Outcome {}

        /** Everything found is in a durable root, and there is no room to hold changes in; one line for people. */
        record NoMemory(String why) implements Outcome {}
    }

    private final OpenPlan plan;
    private final Core core;
    private final Root root;
    private final LaneMemory memory;
    private final PoolEvents events;
    private final Rebuilding rebuilding;
    private final Committer committer;
    private final Tail tail;
    private final List<Lane> lanes = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private long openCounter;
    private Consumer<Outcome> told = outcome -> {};

    Recovery(OpenPlan plan, Core core, Root root, LaneMemory memory, PoolEvents events, Rebuilding rebuilding) {
        this.plan = plan;
        this.core = core;
        this.root = root;
        this.memory = memory;
        this.events = events;
        this.rebuilding = rebuilding;
        CacheShares cache = new CacheShares(plan.cacheBytes(), plan.lanes().size());
        this.committer = new Committer(core, root, events, cache, plan.known().keeper());
        this.tail = new Tail(
                core, committer.roots(), plan.lanes().size(), plan.memory().bytesPerLane());
        LaneBudget budget = budget(cache);
        List<LaneLink> links = new ArrayList<>();
        for (int i = 0; i < plan.lanes().size(); i++) {
            Lane lane = new Lane(i, plan.lanes().get(i), core.array, committer, budget);
            lanes.add(lane);
            links.add(new LaneLink(plan.lanes().get(i), lane, plan.lanes().size()));
        }
        committer.attach(links);
    }

    private LaneBudget budget(CacheShares cache) {
        int pages = Math.max(1024, plan.memory().bytesPerLane() / StagingWriter.BLOCK_BYTES / 4);
        long tail = Tail.mostBytes(core.array.logBytes()) / plan.lanes().size();
        return new LaneBudget(cache.first(), pages, LaneBudget.OLDEST_NANOS, tail);
    }

    Committer committer() {
        return committer;
    }

    List<String> notes() {
        return notes;
    }

    /** Does it all; {@code then} is told on the committer's loop, never if the committer fails. */
    void run(RingFound found, Consumer<Outcome> then) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        told = then;
        openCounter = committer.reserveCounter();
        if (memory.isGone() || plan.acceptLoss()) {
            committer.memoryLost();
        }
        onEveryLane(0, lane -> openingsOf(lane).forEach(lane::open), () -> replay(found, memory.trusted()));
    }

    /** Runs {@code task} on every lane's loop, one after another, then {@code then} on the committer's. */
    private void onEveryLane(int index, Consumer<Lane> task, Runnable then) {
        if (index == lanes.size()) {
            core.loop.post(then);
            return;
        }
        plan.lanes().get(index).post(() -> {
            task.accept(lanes.get(index));
            onEveryLane(index + 1, task, then);
        });
    }

    private void replay(RingFound found, List<MemoryScan> trusted) {
        Replay replay = new Replay(core, lanes, plan.lanes(), tail, committer::failed, (applied, cuts) -> {
            String from = "memory " + (trusted.isEmpty() ? "lost" : "trusted") + "; " + found.summary();
            events.replayed(new Pool.Replayed(applied, applied == 0 ? "" : from));
            notes.addAll(cuts);
            notes.addAll(tail.notes());
            if (applied > 0 && trusted.isEmpty()) {
                Marks.reached("store.replayed-ring-alone");
            }
            if (Mutant.on("store.label-before-root")) {
                memory.remove();
            }
            settle(found.end());
        });
        Covered covered = new Covered(core, root);
        replay.start(ready -> new ReplaySet(core.array, found, trusted, covered, core.loop, ready));
    }

    private List<ShardOpening> openingsOf(Lane lane) {
        List<ShardOpening> openings = new ArrayList<>();
        for (ShardState shard : core.shards.values()) {
            boolean here = lanes.get(laneOf(shard.id(), lanes.size())) == lane;
            if (here && shard.life == ShardState.Life.LIVE) {
                openings.add(new ShardOpening(
                        shard.meta,
                        shard.epoch,
                        shard.appliedSeq,
                        shard.tree,
                        List.copyOf(shard.history()),
                        shard.image));
            }
        }
        return openings;
    }

    private void serves(Pool pool) {
        rebuilding.start(committer);
        new MemoryWatch(memory, committer, events, lanes, plan.lanes()).start();
        told.accept(new Outcome.Serves(pool));
    }

    /** Where a shard lives. */
    static int laneOf(int shardId, int lanes) {
        Checks.that(shardId > 0 && lanes > 0, "shards are numbered from 1", shardId, lanes);
        return shardId % lanes;
    }

    /** Consistency points until one finds nothing to do: each takes a shard's changes only up to a marker. */
    private void settle(RingStart end) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        committer.checkpoint("recovery", () -> {
            if (committer.lastCheckpointWasEmpty()) {
                open(end);
            } else {
                Marks.reached("store.recovery-again");
                settle(end);
            }
        });
    }

    /** V1. The ring goes on behind everything that was found; V3. */
    private void open(RingStart end) {
        Checks.that(committer.lastCheckpointWasEmpty(), "every replayed change has a root");
        RingStart next = new RingStart(end.poolIdHigh(), end.poolIdLow(), openCounter, end.position(), end.number());
        tail.write(next, root.log().position(), why -> {
            if (why.isEmpty()) {
                committer.beginOpen(next);
                committer.checkpoint("open", () -> label(next));
            } else {
                told.accept(new Outcome.NoMemory(why));
                committer.failed(why);
            }
        });
    }

    /** V2. */
    private void label(RingStart next) {
        Checks.that(committer.roots().newest().number().openCounter() == next.openCounter(), "the root opens the pool");
        List<MemoryLog> logs;
        try {
            logs = memory.label(lanes.size(), next.openCounter());
        } catch (WorldException e) {
            told.accept(new Outcome.NoMemory(String.valueOf(e.getMessage())));
            committer.failed("no memory to hold changes in");
            return;
        }
        List<LogView> views = new ArrayList<>();
        for (int lane = 0; lane < logs.size(); lane++) {
            tail.moveInto(lane, logs.get(lane));
            views.add(logs.get(lane).view());
        }
        long cp = committer.roots().newest().number().cp();
        RingStart behind = tail.nextRecord(next);
        RingWriter ring = new RingWriter(views, behind, next.position(), cp, core.array.logBytes());
        committer.serve(ring, tail.records());
        LocalPool pool = new LocalPool(plan, committer, lanes, memory, events, rebuilding);
        onEveryLane(0, lane -> lane.serve(logs.get(lanes.indexOf(lane))), () -> pool.learnVolumes(() -> serves(pool)));
    }
}
