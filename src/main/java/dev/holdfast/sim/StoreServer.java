package dev.holdfast.sim;

import dev.holdfast.array.ArrayFormat;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.workload.BlockWorkload;
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
import dev.holdfast.store.root.GenerationKeeper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The real store as a simulated server: one pool with one volume, formatted at the first start. Beside the clients'
 * requests snapshots come and go ({@link StoreSnapshots}), and other volumes ({@link StoreVolumes}); every start may
 * have another number of lanes.
 */
final class StoreServer implements Server {
    static final int SHARD = 1;

    private final StoreSetup setup;
    private final SimRandom random;
    private final List<String> paths = new ArrayList<>();
    private final boolean busy;
    private final StoreSnapshots snapshots;
    private final StoreVolumes volumes;
    private Optional<DiskTrouble> trouble = Optional.empty();
    private boolean exists;
    private long generation;
    private boolean mayAcceptLoss;
    private boolean acceptsLoss;
    private Optional<Pool> pool = Optional.empty();
    private Optional<BiConsumer<PoolOpened.Elsewhere, SimProcess>> refuses = Optional.empty();
    private BiConsumer<Pool, SimProcess> opens = (found, process) -> {};
    private boolean isTwin;
    private boolean quiet;

    /** A server of {@code setup}; if {@code busy}, with snapshots and other volumes. */
    StoreServer(StoreSetup setup, boolean busy, SimRandom random) {
        this(setup, busy, random, new StoreSnapshots(random.split()), new StoreVolumes(random.split()));
    }

    private StoreServer(
            StoreSetup setup, boolean busy, SimRandom random, StoreSnapshots snapshots, StoreVolumes volumes) {
        this.setup = setup;
        this.busy = busy;
        this.random = random;
        this.snapshots = snapshots;
        this.volumes = volumes;
        for (int slot = 0; slot < setup.copies(); slot++) {
            paths.add("/disk" + slot);
        }
    }

    /** Lets {@code begun} begin once the pool and its volume exist; while it strikes, the pool may be refused. */
    void trouble(DiskTrouble begun) {
        trouble = Optional.of(begun);
    }

    /** From now on a pool that is refused is opened with the loss that this takes. */
    void mayAcceptLoss() {
        mayAcceptLoss = true;
    }

    /** {@code task} is shown every pool that opens, on its committer's loop. */
    void whenOpened(BiConsumer<Pool, SimProcess> task) {
        opens = task;
    }

    /** {@code task} is told when a pool is not here any more; else that is a violation. */
    void whenElsewhere(BiConsumer<PoolOpened.Elsewhere, SimProcess> task) {
        refuses = Optional.of(task);
    }

    /** The same server for a copy of the twin's devices, which need not have the root before the newest. */
    StoreServer forkOnTwin() {
        StoreServer fork = (StoreServer) fork();
        fork.isTwin = true;
        return fork;
    }

    /** From the next start on nothing but its client changes anything. */
    void beQuiet() {
        quiet = true;
    }

    /** True if a loss was accepted. */
    boolean hasAcceptedLoss() {
        return acceptsLoss;
    }

    @Override
    public void servedTo(BlockWorkload client) {
        snapshots.servedTo(client);
        volumes.servedTo(client);
    }

    @Override
    public Server fork() {
        SimRandom own = random.split();
        StoreServer fork = new StoreServer(setup, busy, own, snapshots.fork(own.split()), volumes.fork(own.split()));
        fork.exists = exists;
        fork.generation = generation;
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
        for (int lane = random.below(setup.lanes()); lane < setup.lanes(); lane++) {
            lanes.add(process.newLoop("lane-" + lane));
        }
        OpenPlan.Memory memory = new OpenPlan.Memory(process.sharedMemory(""), setup.memoryBytes());
        OpenPlan.Known known = new OpenPlan.Known(Optional.empty(), keeper());
        OpenPlan plan = new OpenPlan(paths, known, memory, lanes, setup.cacheBytes(), acceptsLoss);
        PoolOpen.open(process, plan, loop, opened -> {
            switch (opened) {
                case PoolOpened.Opened found -> opened(found.pool(), process, loop, ready);
                case PoolOpened.Refused refused -> {
                    if (refuses.isPresent() && refused.elsewhere().isPresent()) {
                        refuses.get().accept(refused.elsewhere().get(), process);
                        return;
                    }
                    if (mayAcceptLoss && !acceptsLoss && refused.lossHelps()) {
                        acceptsLoss = true;
                        Loop again = process.newLoop("pool");
                        again.post(() -> open(process, again, ready));
                        return;
                    }
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

    /** Remembers at once, and through every crash. */
    private GenerationKeeper keeper() {
        long newest = generation;
        return new GenerationKeeper() {
            @Override
            public long newest() {
                return newest;
            }

            @Override
            public void keep(long made, Kept kept) {
                generation = Math.max(generation, made);
                kept.kept(true);
            }
        };
    }

    private void opened(Pool found, SimProcess process, Loop loop, Consumer<BlockVolume> ready) {
        pool = Optional.of(found);
        opens.accept(found, process);
        trouble.ifPresent(DiskTrouble::goOn);
        if (found.volume(SHARD).isPresent()) {
            serve(found, process, loop, ready);
            return;
        }
        if (exists && !acceptsLoss) {
            throw new OracleViolation("the volume is gone");
        }
        ShardMeta meta = new ShardMeta(SHARD, 0, SHARD, "volume", setup.volumeBytes());
        found.createShard(meta, loop, result -> {
            if (result instanceof Pool.Result.Refused refused) {
                throw new OracleViolation("volume refused: " + refused.why());
            }
            exists = true;
            trouble.ifPresent(DiskTrouble::begin);
            serve(found, process, loop, ready);
        });
    }

    private void serve(Pool found, SimProcess process, Loop loop, Consumer<BlockVolume> ready) {
        BlockVolume volume = found.volume(SHARD).orElseThrow();
        volume.loop().post(() -> {
            if (busy && !quiet && !acceptsLoss) {
                snapshots.begin(found, volume, process::isSilent);
            }
            ready.accept(volume);
        });
        if (busy && !quiet && !acceptsLoss) {
            volumes.begin(found, loop, process::isSilent);
        }
    }

    @Override
    public void crashed(boolean powerCut) {
        pool = Optional.empty();
    }

    @Override
    public void verify(Loop loop, Runnable sound) {
        Runnable verified = busy && !acceptsLoss ? () -> snapshots.lookAtAll(sound) : sound;
        pool.orElseThrow().verify(loop, (checked, used) -> {}, (problems, blocks) -> judge(problems, verified));
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
        snapshots.stopping();
        pool.orElseThrow().stop(loop, stopped);
    }

    private void judge(List<String> problems, Runnable sound) {
        List<String> bad = problems.stream()
                .filter(problem -> !problem.endsWith("repaired when the pool serves"))
                .filter(problem -> !((mayAcceptLoss || isTwin) && problem.endsWith("cannot be read")))
                .toList();
        if (!bad.isEmpty()) {
            throw new OracleViolation("the verifier found: " + bad);
        }
        sound.run();
    }
}
