package dev.holdfast.sim;

import dev.holdfast.array.ArrayFormat;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.workload.DiskTrouble;
import dev.holdfast.sim.workload.Server;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.store.OpenPlan;
import dev.holdfast.store.Pool;
import dev.holdfast.store.PoolCheck;
import dev.holdfast.store.PoolOpen;
import dev.holdfast.store.PoolOpened;
import dev.holdfast.store.lane.ShardMeta;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The real store as a simulated server: one pool with one volume, formatted at the first start. Snapshots come and go
 * beside the clients' requests, for what they do to the space of others; their contents are not judged here.
 */
final class StoreServer implements Server {
    private static final int SHARD = 1;

    private final StoreSetup setup;
    private final SimRandom random;
    private final List<String> paths = new ArrayList<>();
    private final boolean snapshots;
    private Optional<DiskTrouble> trouble = Optional.empty();
    private boolean exists;
    private long nextSnapshotId = 1;
    private Optional<Pool> pool = Optional.empty();

    StoreServer(StoreSetup setup, boolean snapshots, SimRandom random) {
        this.setup = setup;
        this.snapshots = snapshots;
        this.random = random;
        for (int slot = 0; slot < setup.copies(); slot++) {
            paths.add("/disk" + slot);
        }
    }

    /** Lets {@code begun} begin once the pool and its volume exist; while it strikes, the pool may be refused. */
    void trouble(DiskTrouble begun) {
        trouble = Optional.of(begun);
    }

    @Override
    public Server fork() {
        StoreServer fork = new StoreServer(setup, snapshots, new SimRandom(random.nextLong()));
        fork.exists = exists;
        fork.nextSnapshotId = nextSnapshotId;
        return fork;
    }

    @Override
    public void start(SimProcess process, Consumer<BlockVolume> ready) {
        Loop loop = process.newLoop("pool");
        if (exists) {
            loop.post(() -> open(process, loop, ready));
        } else {
            loop.post(() -> format(process, loop, () -> open(process, loop, ready)));
        }
    }

    private void format(SimProcess process, Loop loop, Runnable then) {
        SimMachine machine = process.machine();
        for (String path : paths) {
            if (machine.findDevice(path).isEmpty()) {
                machine.plug(path, setup.deviceBytes());
            }
        }
        Id128 cluster = new Id128(random.nextLong(), 1);
        Id128 id = new Id128(random.nextLong(), 2);
        ArrayFormat.Plan plan = new ArrayFormat.Plan(cluster, id, setup.protection(), setup.logBytes(), 0, true);
        ArrayFormat.format(process.disks(), paths, plan, process.entropy(), loop, outcome -> {
            switch (outcome) {
                case ArrayFormat.Outcome.Formatted formatted -> then.run();
                case ArrayFormat.Outcome.Refused refused -> throw new OracleViolation(refused.reason());
            }
        });
    }

    private void open(SimProcess process, Loop loop, Consumer<BlockVolume> ready) {
        List<Loop> lanes = new ArrayList<>();
        for (int lane = 0; lane < setup.lanes(); lane++) {
            lanes.add(process.newLoop("lane-" + lane));
        }
        OpenPlan.Memory memory = new OpenPlan.Memory(process.sharedMemory(""), setup.memoryBytes());
        OpenPlan plan = new OpenPlan(paths, Optional.empty(), memory, lanes, setup.cacheBytes(), false);
        PoolOpen.open(process, plan, loop, opened -> {
            switch (opened) {
                case PoolOpened.Opened found -> opened(found.pool(), loop, ready);
                case PoolOpened.Refused refused -> {
                    if (trouble.isEmpty() || trouble.get().isCalm() || setup.copies() > 1) {
                        throw new OracleViolation("pool refused: " + refused.why());
                    }
                    Marks.reached("sim.refused-then-opened");
                    trouble.get().calm();
                    Loop again = process.newLoop("pool");
                    again.post(() -> open(process, again, ready));
                }
            }
        });
    }

    private void opened(Pool found, Loop loop, Consumer<BlockVolume> ready) {
        pool = Optional.of(found);
        trouble.ifPresent(DiskTrouble::goOn);
        if (found.volume(SHARD).isPresent()) {
            serve(found, loop, ready);
            return;
        }
        if (exists) {
            throw new OracleViolation("the volume is gone");
        }
        ShardMeta meta = new ShardMeta(SHARD, 0, SHARD, "volume", setup.volumeBytes());
        found.createShard(meta, loop, result -> {
            if (result instanceof Pool.Result.Refused refused) {
                throw new OracleViolation("volume refused: " + refused.why());
            }
            exists = true;
            trouble.ifPresent(DiskTrouble::begin);
            serve(found, loop, ready);
        });
    }

    private void serve(Pool found, Loop loop, Consumer<BlockVolume> ready) {
        if (snapshots) {
            churnLater(found, loop);
        }
        BlockVolume volume = found.volume(SHARD).orElseThrow();
        volume.loop().post(() -> ready.accept(volume));
    }

    private void churnLater(Pool found, Loop loop) {
        loop.after(random.below(3_000_000_000L), () -> found.status(loop, status -> churn(found, loop, status)));
    }

    private void churn(Pool found, Loop loop, Pool.PoolStatus status) {
        Pool.Answer next = result -> churnLater(found, loop);
        List<Long> ids = new ArrayList<>();
        status.shards().forEach(shard -> shard.snapshots().forEach(snapshot -> ids.add(snapshot.id())));
        if (ids.isEmpty() || (ids.size() < 6 && random.oneIn(2))) {
            long id = nextSnapshotId++;
            found.createSnapshot(SHARD, id, "s" + id, random.oneIn(3), loop, next);
        } else {
            found.deleteSnapshot(SHARD, ids.get(random.below(ids.size())), loop, next);
        }
    }

    @Override
    public void crashed(boolean powerCut) {
        pool = Optional.empty();
    }

    @Override
    public void verify(Loop loop, Runnable sound) {
        pool.orElseThrow().verify(loop, (checked, used) -> {}, (problems, blocks) -> judge(problems, sound));
    }

    @Override
    public void inspect(SimProcess process, Runnable sound) {
        if (exists) {
            Loop loop = process.newLoop("check");
            loop.post(() -> PoolCheck.check(process, paths, loop, (problems, blocks) -> judge(problems, sound)));
        } else {
            sound.run();
        }
    }

    @Override
    public void stop(Loop loop, Runnable stopped) {
        pool.orElseThrow().stop(loop, stopped);
    }

    private static void judge(List<String> problems, Runnable sound) {
        List<String> bad = problems.stream()
                .filter(problem -> !problem.endsWith("repaired when the pool serves"))
                .toList();
        if (!bad.isEmpty()) {
            throw new OracleViolation("the verifier found: " + bad);
        }
        sound.run();
    }
}
