package dev.holdfast.sim;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.device.Geometry;
import dev.holdfast.io.Disk;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.oracle.Pattern;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.workload.BlockWorkload;
import dev.holdfast.sim.workload.CrashRounds;
import dev.holdfast.sim.workload.Mix;
import dev.holdfast.sim.world.Crash;
import dev.holdfast.sim.world.Medium;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.Pool;
import dev.holdfast.store.root.Root;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * After a crash blocks that clients wrote have rotten, each on every disk of the pool. Reads of them are errors or
 * right, before and after more requests; then the pool gets a twin, which lacks those blocks and no others, and who
 * reads there what could be read here gets the same.
 */
final class RottenBlocks {
    private static final int REQUESTS = 300;
    private static final int FEW_REQUESTS = 30;
    private static final int MOST_ROTTEN = 60;
    private static final int MOST_CHECKS = 40;
    private static final long MOST_QUEUED_BYTES = 1 << 20;
    private static final long A_CONSISTENCY_POINT_NANOS = 6_000_000_000L;
    private static final int CONSISTENCY_POINTS = 30;

    private final SimWorld world;
    private final SimRandom random;
    private final StoreSetup setup;
    private final StoreServer server;
    private final BlockWorkload workload;
    private final CutStreams streams = new CutStreams(message -> false, true);
    private final TwinNode twin;
    private final TwinJudge judge;
    private final TreeSet<Long> rotten = new TreeSet<>();
    private Optional<Pool> pool = Optional.empty();
    private boolean isWatched;

    private RottenBlocks(SimWorld world) {
        this.world = world;
        this.random = world.random().split();
        this.setup = StoreSetup.random(random, 1 + random.below(2));
        this.server = new StoreServer(setup, false, random);
        this.workload = new BlockWorkload(Mix.SMALL, setup.volumeBytes(), random.split());
        this.twin = new TwinNode(world.newMachine("b"), setup, streams, TwinNode.ADDRESS);
        this.judge = new TwinJudge(world.machine(), twin.machine(), setup.logBytes(), random.split(), MOST_CHECKS);
        server.whenOpened(this::opened);
    }

    static void run(SimWorld world) {
        new RottenBlocks(world).run();
    }

    private void opened(Pool found, SimProcess process) {
        pool = Optional.of(found);
        if (!isWatched) {
            isWatched = true;
            judge.watchSource();
        }
    }

    private void run() {
        new CrashRounds(world, server, workload).run(2, REQUESTS);
        rot();
        workload.allowErrors(true);
        workload.prefix().failed();
        judge.lacks(rotten);
        SimProcess process = world.machine().start();
        Client here = new Client(world, server, workload, process);
        here.readAll();
        here.change(1 + random.below(random.oneIn(2) ? FEW_REQUESTS : REQUESTS));
        world.runFor(A_CONSISTENCY_POINT_NANOS);
        Pool source = pool.orElseThrow();
        process.newLoop("asks")
                .post(() -> twin.prepare(source.id(), () -> {
                    judge.watchTwin();
                    source.twin().mirrorTo(streams.over(process.network()), TwinNode.ADDRESS, MOST_QUEUED_BYTES);
                }));
        here.change(1 + random.below(FEW_REQUESTS));
        here.flush();
        arrive();
        judge.judge(Crash.powerCut(0), true);
        here.readAll();
        standIn();
    }

    /** Of blocks that hold what a client wrote whole: nothing of the pool's own. */
    private void rot() {
        long dataAt = Geometry.fit(setup.deviceBytes(), setup.logBytes())
                        .orElseThrow()
                        .dataOffset()
                / Disk.BLOCK_BYTES;
        List<Medium> media =
                world.machine().devices().stream().map(SimDevice::medium).toList();
        List<Long> blocks = new ArrayList<>();
        for (long block : media.getFirst().storedBlocks()) {
            if (block > dataAt && Pattern.isWhole(media.getFirst().read(block))) {
                blocks.add(block);
            }
        }
        Checks.that(media.size() == setup.copies(), "a disk for each copy", media.size());
        for (int left = 1 + random.below(MOST_ROTTEN); left > 0 && !blocks.isEmpty(); left--) {
            long block = blocks.get(random.below(blocks.size()));
            if (rotten.add(block - dataAt)) {
                media.forEach(medium -> medium.rot(block, random.below(8 * Disk.BLOCK_BYTES)));
            }
        }
    }

    private void arrive() {
        for (int points = 0; points < CONSISTENCY_POINTS; points++) {
            world.runFor(A_CONSISTENCY_POINT_NANOS);
            Optional<Root> here = TwinJudge.newest(world.machine());
            Optional<Root> there = TwinJudge.newest(twin.machine());
            if (there.isPresent() && there.map(Root::identity).equals(here.map(Root::identity))) {
                return;
            }
        }
        throw new OracleViolation("the twin does not get the newest root");
    }

    /** Everything was flushed before. */
    private void standIn() {
        SimWorld copy = new SimWorld(random.nextLong());
        twin.machine().devices().forEach(device -> device.copyAfter(Crash.powerCut(0), copy.machine()));
        copy.machine().kill();
        TwinNode there = twin.reversed(copy.machine(), TwinNode.ADDRESS);
        there.promote(true);
        copy.runUntil(there::isPool);
        copy.machine().kill();
        BlockWorkload client = workload.fork(copy.random().split());
        client.powerCut();
        SimMachine machine = copy.machine();
        new Client(copy, server.forkOnTwin(), client, machine.start()).readAll();
    }

    /** What asks a server that has just started. */
    private static final class Client {
        private final SimWorld world;
        private final BlockWorkload workload;
        private final Loop loop;

        Client(SimWorld world, StoreServer server, BlockWorkload workload, SimProcess process) {
            this.world = world;
            this.workload = workload;
            List<BlockVolume> opened = new ArrayList<>(1);
            server.start(process, opened::add);
            world.runUntil(() -> !opened.isEmpty());
            this.loop = opened.getFirst().loop();
            workload.ignoreWhile(process::isSilent);
            workload.attach(opened.getFirst());
        }

        void readAll() {
            int[] done = new int[1];
            loop.post(() -> workload.readAll(false, complete -> done[0]++));
            world.runUntil(() -> done[0] > 0);
        }

        void change(int requests) {
            workload.start(requests);
            world.runUntil(workload::isIdle);
        }

        /** By a consistency point, which covers all that has ended. */
        void flush() {
            world.runFor(A_CONSISTENCY_POINT_NANOS);
            workload.flushed();
        }
    }
}
