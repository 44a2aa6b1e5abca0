package dev.holdfast.store;

import dev.holdfast.array.Array;
import dev.holdfast.array.ArrayOpen;
import dev.holdfast.array.ArrayOpened;
import dev.holdfast.array.Mirror;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldException;
import dev.holdfast.store.lane.LaneBudget;
import dev.holdfast.store.log.RingFound;
import dev.holdfast.store.log.RingScan;
import dev.holdfast.store.log.RingVerdict;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootChoice;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.TwinRecord;
import dev.holdfast.store.tree.FreeMap;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.twin.Granting;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.FreeMapRead;
import dev.holdfast.store.work.ObjectLoad;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Trouble;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Opens a pool, from its devices to the first answer; read it from {@link #open} downwards. Applying what the log
 * holds is
 * {@link Recovery}'s.
 *
 * <ol>
 *   <li>Devices, and the root that counts ({@link RootChoice}).
 *   <li>The tables that root reaches: free map, shards, snapshots.
 *   <li>Memory of an earlier process, trusted or not; the ring; what is to be replayed (log.md).
 *   <li>{@link Recovery}: replay, and a root with the next open counter, before anything is served.
 * </ol>
 */
public final class PoolOpen implements Trouble {
    private final World world;
    private final OpenPlan plan;
    private final Loop loop;
    private final Consumer<PoolOpened> done;
    private final List<String> notes = new ArrayList<>();
    private final List<String> blank = new ArrayList<>();
    private final PoolEvents events;
    private Optional<Mirror> array = Optional.empty();
    private Optional<LaneMemory> memory = Optional.empty();
    private Optional<Committer> committer = Optional.empty();
    private boolean ended;

    private PoolOpen(World world, OpenPlan plan, Loop loop, Consumer<PoolOpened> done) {
        this.world = world;
        this.plan = plan;
        this.loop = loop;
        this.done = done;
        this.events = new PoolEvents(world.clock());
    }

    /** Opens the pool; {@code loop}, the caller's present one, becomes its committer's. {@code done} runs there. */
    public static void open(World world, OpenPlan plan, Loop loop, Consumer<PoolOpened> done) {
        Checks.that(loop.isCurrent(), "a pool is opened on its committer's loop");
        PoolOpen open = new PoolOpen(world, plan, loop, done);
        int least = LaneBudget.leastMemoryBytes();
        if (plan.memory().bytesPerLane() < least) {
            String little = plan.memory().bytesPerLane() + " bytes of memory for each loop are too little";
            loop.post(() -> open.refuse(little + ": the least is " + least, false));
            return;
        }
        ArrayOpen.open(world.disks(), plan.paths(), plan.known().pool(), RootChoice::peek, loop, open::arrayOpened);
    }

    private void arrayOpened(ArrayOpened opened) {
        Checks.that(loop.isCurrent() && array.isEmpty(), "an array is opened once");
        switch (opened) {
            case ArrayOpened.Refused refused -> {
                ended = true;
                done.accept(new PoolOpened.Refused(refused.reason(), false));
            }
            case ArrayOpened.Opened found -> {
                array = Optional.of(found.array());
                blank.addAll(found.blank());
                if (found.left() != 0) {
                    Marks.reached("store.opened-without-member");
                    notes.add("a device of the pool is not here or not current: the pool goes on without it");
                }
                chooseRoot(found);
            }
        }
    }

    private void chooseRoot(ArrayOpened.Opened found) {
        Id128 poolId = found.pool();
        switch (RootChoice.choose(poolId, found.rings())) {
            case RootChoice.Verdict.Newest newest -> {
                if (isHere(newest.root())) {
                    loadIfCurrent(newest.root());
                }
            }
            case RootChoice.Verdict.Blank blank -> {
                if (found.isTwin()) {
                    elsewhere(
                            "the disks were made for the twin of a pool, and it has sent nothing yet: `holdfast pool"
                                    + " receive` serves them",
                            Optional.empty());
                } else if (plan.known().keeper().newest() > 0) {
                    refuse(
                            "the disks hold no root, and the pool had one: they are not its disks, or were wiped",
                            false);
                } else {
                    load(firstRoot(poolId, found.array()));
                }
            }
            case RootChoice.Verdict.Lost lost -> {
                if (lost.older().isPresent() && !isHere(lost.older().get())) {
                    return;
                }
                if (plan.acceptLoss() && lost.older().isPresent()) {
                    notes.add("loss accepted: " + lost.why());
                    load(lost.older().get().passedOver(plan.known().keeper().newest()));
                } else {
                    refuse(lost.why(), lost.older().isPresent());
                }
            }
        }
    }

    /** T8. If the pool is elsewhere it has been refused. */
    private boolean isHere(Root root) {
        TwinRecord twin = root.twin();
        if (root.written().atTwin()) {
            elsewhere(
                    "the disks hold the twin of the pool: `holdfast pool receive` goes on with that, `holdfast pool"
                            + " promote` makes them the pool",
                    Optional.empty());
        } else if (twin.isOver()) {
            boolean handed = twin.state() == TwinRecord.State.HANDED_OVER;
            String what = handed
                    ? "the pool was handed over to its twin at " + twin.address()
                    : "the twin at " + twin.address() + " was promoted without this side, which keeps what it has";
            elsewhere(
                    what + ": that is the pool now. `holdfast pool receive` makes these disks its twin, `holdfast"
                            + " pool promote --force` the pool again",
                    handed ? Optional.of(new Granting(root, array.orElseThrow().logBytes())) : Optional.empty());
        }
        return !root.written().atTwin() && !twin.isOver();
    }

    private void elsewhere(String why, Optional<Granting> untold) {
        Checks.that(!ended && committer.isEmpty(), "nothing was opened");
        Marks.reached("store.pool-is-elsewhere");
        ended = true;
        array.ifPresent(Mirror::close);
        done.accept(new PoolOpened.Refused(why, false, Optional.of(new PoolOpened.Elsewhere(untold))));
    }

    /** A device on which nothing says that others went on without it must not pass for current. */
    private void loadIfCurrent(Root root) {
        long newest = plan.known().keeper().newest();
        long generation = root.number().generation();
        String older = "the disks that are here stopped at generation " + generation + ", the pool went on to " + newest
                + " on others: bring those back";
        if (generation >= newest) {
            load(root);
        } else if (plan.acceptLoss()) {
            notes.add("loss accepted: " + older);
            load(root.passedOver(newest));
        } else {
            refuse(older, true);
        }
    }

    private Root firstRoot(Id128 poolId, Array fresh) {
        return new Root(
                poolId,
                new Root.Number(0, 0, 1, -1, 0, 0),
                new Root.LogPoint(0, 0, Committer.noEntries(plan.lanes().size()), true),
                new Root.Written(world.clock().wallMillis(), fresh.members()),
                new Root.Objects(ObjectRoot.EMPTY, ObjectRoot.EMPTY, ObjectRoot.EMPTY),
                new Root.Space(0, 1, fresh.dataBlocks()),
                TwinRecord.NONE);
    }

    private void load(Root root) {
        Checks.that(committer.isEmpty(), "nothing is replayed yet");
        Array devices = array.orElseThrow();
        Core core = new Core(devices, loop, world.clock(), new FreeMap(devices.dataBlocks()), this);
        Runner runner = new Runner(loop);
        if (root.number().cp() > 0) {
            runner.add(new FreeMapRead(core, root.objects(), map -> core.freeMap = map));
        }
        runner.add(new ObjectLoad(core, root.objects().shardTable(), (block, bytes, at) -> {
            if (ShardState.isPresent(bytes, at)) {
                core.shards.put((int) block, ShardState.decode(bytes, at));
            }
        }));
        runner.then(() -> {
            for (ShardState shard : core.shards.values()) {
                runner.add(new ObjectLoad(core, shard.snapshots.object(), shard.snapshots::load));
                runner.then(shard.snapshots::loaded);
            }
        });
        runner.then(() -> runner.add(new HeldLoad(core, root)));
        runner.then(() -> openMemory(core, root));
    }

    private void openMemory(Core core, Root root) {
        LaneMemory past = new LaneMemory(plan.memory(), root);
        memory = Optional.of(past);
        try {
            past.find();
        } catch (WorldException e) {
            refuse(String.valueOf(e.getMessage()), false);
            return;
        }
        if (past.isGone() && !root.readsOldLog()) {
            Marks.reached("store.memory-lost");
            notes.add("the memory of the last run is gone (a power cut, or another --memory-dir): "
                    + "writes that were not flushed may be missing");
        }
        scan(core, root, past);
    }

    private void scan(Core core, Root root, LaneMemory past) {
        new RingScan(core.array, root.ringStart(), past.trusted(), new Covered(core, root), loop, verdict -> {
                    switch (verdict) {
                        case RingVerdict.End end -> recover(core, root, end.found(), past);
                        case RingVerdict.Damaged damaged -> acceptOrRefuse(core, root, damaged, past);
                        case RingVerdict.Unreadable unreadable -> acceptOrRefuse(core, root, unreadable, past);
                    }
                })
                .start();
    }

    private void acceptOrRefuse(Core core, Root root, RingVerdict verdict, LaneMemory past) {
        if (plan.acceptLoss()) {
            notes.add("loss accepted: " + verdict.message());
            recover(core, root, verdict.found(), past);
        } else {
            refuse(verdict.message(), true);
        }
    }

    private void recover(Core core, Root root, RingFound found, LaneMemory past) {
        Checks.that(committer.isEmpty(), "recovery runs once");
        Rebuilding rebuilding = new Rebuilding(world, array.orElseThrow(), blank, events);
        Recovery recovery = new Recovery(plan, core, root, past, events, rebuilding);
        committer = Optional.of(recovery.committer());
        recovery.committer()
                .whenFailed(() -> refuse(recovery.committer().failure().orElse("failed"), true));
        new DeviceWatch(array.orElseThrow(), recovery.committer(), events).start();
        recovery.run(found, outcome -> {
            switch (outcome) {
                case Recovery.Outcome.NoMemory none -> refuse(none.why(), false);
                case Recovery.Outcome.Serves serves -> {
                    notes.addAll(past.notes());
                    opened(serves.pool(), recovery.notes());
                }
            }
        });
    }

    private void opened(Pool pool, List<String> found) {
        if (!ended) {
            ended = true;
            notes.addAll(found);
            done.accept(new PoolOpened.Opened(pool, List.copyOf(notes)));
        }
    }

    private void refuse(String why, boolean lossHelps) {
        if (!ended) {
            ended = true;
            memory.ifPresent(LaneMemory::close);
            array.ifPresent(Mirror::close);
            done.accept(new PoolOpened.Refused(why, lossHelps));
        }
    }

    @Override
    public void memberLost() {
        committer.ifPresent(Committer::memberLost);
    }

    @Override
    public void hostFull() {
        committer.ifPresentOrElse(Committer::hostFull, events::hostFull);
    }

    @Override
    public void blockLost(long address) {
        events.blockLost(address);
    }

    @Override
    public void copyWrong(long address, int checksum, long copies) {
        committer.ifPresent(running -> running.copyWrong(address, checksum, copies));
    }

    @Override
    public void failed(String why) {
        committer.ifPresentOrElse(running -> running.failed(why), () -> refuse(why, false));
    }
}
