package dev.holdfast.store;

import dev.holdfast.array.Array;
import dev.holdfast.array.ArrayOpen;
import dev.holdfast.array.ArrayOpened;
import dev.holdfast.array.Mirror;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Loop;
import dev.holdfast.io.MemoryRegion;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldException;
import dev.holdfast.store.log.LogIdentity;
import dev.holdfast.store.log.MemoryScan;
import dev.holdfast.store.log.MemoryVerdict;
import dev.holdfast.store.log.RingFound;
import dev.holdfast.store.log.RingScan;
import dev.holdfast.store.log.RingVerdict;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootChoice;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.tree.FreeMap;
import dev.holdfast.store.tree.ObjectRoot;
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
    private final List<MemoryRegion> regions = new ArrayList<>();
    private final PoolEvents events;
    private Optional<Mirror> array = Optional.empty();
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
        ArrayOpen.open(world.disks(), plan.paths(), plan.pool(), RootChoice::peek, loop, open::arrayOpened);
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
                if (found.left() != 0) {
                    notes.add("a device of the pool is not here or not current: the pool goes on without it");
                }
                chooseRoot(found);
            }
        }
    }

    private void chooseRoot(ArrayOpened.Opened found) {
        Id128 poolId = found.pool();
        switch (RootChoice.choose(poolId, found.rings())) {
            case RootChoice.Verdict.Newest newest -> load(newest.root());
            case RootChoice.Verdict.Blank blank -> load(firstRoot(poolId, found.array()));
            case RootChoice.Verdict.Lost lost -> {
                if (plan.acceptLoss() && lost.older().isPresent()) {
                    notes.add("loss accepted: " + lost.why());
                    load(lost.older().get().passedOver());
                } else {
                    refuse(lost.why(), lost.older().isPresent());
                }
            }
        }
    }

    private Root firstRoot(Id128 poolId, Array fresh) {
        return new Root(
                poolId,
                new Root.Number(0, 0, 1, -1),
                new Root.LogPoint(0, 0, plan.lanes().size(), true),
                new Root.Written(world.clock().wallMillis(), fresh.members()),
                new Root.Objects(ObjectRoot.EMPTY, ObjectRoot.EMPTY, ObjectRoot.EMPTY),
                new Root.Space(0, 1, fresh.dataBlocks()));
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
        runner.then(() -> openMemory(core, root));
    }

    private void openMemory(Core core, Root root) {
        LogIdentity expected = new LogIdentity(
                root.poolId().high(),
                root.poolId().low(),
                plan.memory().place().bootIdHigh(),
                plan.memory().place().bootIdLow(),
                root.number().openCounter());
        int count = Math.max(root.log().lanes(), plan.lanes().size());
        List<MemoryScan> trusted = new ArrayList<>();
        boolean foreign = false;
        try {
            for (int lane = 0; lane < count; lane++) {
                MemoryRegion region = plan.memory()
                        .place()
                        .open(root.poolId() + "-" + lane, plan.memory().bytesPerLane());
                regions.add(region);
                boolean wasUsed = lane < root.log().lanes() && root.number().cp() > 0;
                foreign |= wasUsed && !isTrusted(MemoryScan.of(region.bytes(), expected), trusted);
            }
        } catch (WorldException e) {
            refuse(String.valueOf(e.getMessage()), false);
            return;
        }
        if (foreign && !root.log().clean()) {
            notes.add("the memory of the last run is gone (a power cut, or another --memory-dir): "
                    + "writes that were not flushed may be missing");
        }
        scan(core, root, trusted);
    }

    /** Adds what may be believed; false if nothing may. */
    private static boolean isTrusted(MemoryVerdict verdict, List<MemoryScan> trusted) {
        switch (verdict) {
            case MemoryVerdict.Trusted found -> trusted.add(found.entries());
            case MemoryVerdict.Foreign foreign -> {
                return false;
            }
        }
        return true;
    }

    private void scan(Core core, Root root, List<MemoryScan> trusted) {
        Checks.that(regions.size() >= plan.lanes().size(), "every lane has its memory", regions.size());
        new RingScan(
                        core.array,
                        root.ringStart(),
                        trusted,
                        id -> Recovery.appliedSeq(core, root, id),
                        loop,
                        verdict -> {
                            switch (verdict) {
                                case RingVerdict.End end -> recover(core, root, end.found(), trusted);
                                case RingVerdict.Damaged damaged -> acceptOrRefuse(core, root, damaged, trusted);
                                case RingVerdict.Unreadable unreadable ->
                                    acceptOrRefuse(core, root, unreadable, trusted);
                            }
                        })
                .start();
    }

    private void acceptOrRefuse(Core core, Root root, RingVerdict verdict, List<MemoryScan> trusted) {
        if (plan.acceptLoss()) {
            notes.add("loss accepted: " + verdict.message());
            recover(core, root, verdict.found(), trusted);
        } else {
            refuse(verdict.message(), true);
        }
    }

    private void recover(Core core, Root root, RingFound found, List<MemoryScan> trusted) {
        Checks.that(committer.isEmpty(), "recovery runs once");
        Recovery recovery = new Recovery(plan, core, root, regions, events);
        committer = Optional.of(recovery.committer());
        recovery.committer()
                .whenFailed(() -> refuse(recovery.committer().failure().orElse("failed"), true));
        recovery.run(found, trusted, pool -> {
            if (!ended) {
                ended = true;
                notes.addAll(recovery.notes());
                done.accept(new PoolOpened.Opened(pool, List.copyOf(notes)));
            }
        });
    }

    private void refuse(String why, boolean lossHelps) {
        if (!ended) {
            ended = true;
            regions.forEach(MemoryRegion::close);
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
        events.hostFull();
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
