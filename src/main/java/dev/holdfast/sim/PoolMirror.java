package dev.holdfast.sim;

import dev.holdfast.base.Marks;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.workload.BlockWorkload;
import dev.holdfast.sim.workload.CrashRounds;
import dev.holdfast.sim.workload.Mix;
import dev.holdfast.sim.world.Crash;
import dev.holdfast.sim.world.DiskSpeed;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.Pool;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.twin.SourceTwin;
import dev.holdfast.store.twin.TwinStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A pool and its twin on two machines: the source serves a mixed workload and crashes as in {@code store-crashes}; the
 * twin dies, loses power, is slow and has no room; the network cuts, resets and delays; now and then a person gives the
 * pin up, and in some runs strangers come to the twin's door.
 * {@link TwinJudge} looks at what a crash would leave of the twin. In the end the twin has the source's newest root,
 * and a server opened on it holds what clients were promised.
 */
final class PoolMirror {
    private static final long LONGEST_PEACE_NANOS = 3_000_000_000L;
    private static final long LONGEST_TROUBLE_NANOS = 20_000_000_000L;
    private static final int MOST_CHECKS = 200;
    private static final int MOST_DESTROYED = 10;
    private static final int ONE_IN_STRANGERS = 3;

    private final SimWorld world;
    private final SimRandom random;
    private final StoreServer server;
    private final BlockWorkload workload;
    private final TwinNode twin;
    private final TwinJudge judge;
    private final Optional<SourceDestroyed> destroyed;
    private final CutStreams streams;
    private final Optional<Strangers> strangers;
    private Optional<Pool> pool = Optional.empty();
    private Optional<SimProcess> process = Optional.empty();
    private final long mostQueuedBytes;
    private boolean over;
    private long nextCut;

    private PoolMirror(SimWorld world, StoreSetup setup, Mix mix, boolean zero) {
        this.world = world;
        this.random = world.random().split();
        this.server = new StoreServer(setup, random.oneIn(2), random);
        this.workload = new BlockWorkload(mix, setup.volumeBytes(), random.split());
        this.streams = new CutStreams(this::isCutAt, random.oneIn(2));
        this.twin = new TwinNode(world.newMachine("b"), setup, streams, TwinNode.ADDRESS);
        this.judge = new TwinJudge(world.machine(), twin.machine(), setup.logBytes(), random.split(), MOST_CHECKS);
        this.mostQueuedBytes = (64L << 10) << random.below(10);
        this.destroyed = zero
                ? Optional.of(new SourceDestroyed(world, twin, server, workload, MOST_DESTROYED))
                : Optional.empty();
        SimRandom dice = new SimRandom(~world.seed()); // All other runs are as they would be without strangers.
        this.strangers = dice.oneIn(ONE_IN_STRANGERS)
                ? Optional.of(new Strangers(world, TwinNode.ADDRESS, dice))
                : Optional.empty();
        server.whenOpened(this::opened);
    }

    /** The scenario. */
    static void run(SimWorld world) {
        run(world, false);
    }

    /** The same with {@code --rpo 0}. */
    static void runZero(SimWorld world) {
        run(world, true);
    }

    private static void run(SimWorld world, boolean zero) {
        SimRandom random = world.random().split();
        boolean tight = random.oneIn(3);
        StoreSetup setup = tight ? StoreSetup.tight(random) : StoreSetup.random(random, 1 + random.below(2));
        PoolMirror mirror = new PoolMirror(world, setup, tight ? Mix.PRESSURE : Mix.EVERYTHING, zero);
        if (tight) {
            mirror.workload.allowFull();
        }
        mirror.run();
    }

    private boolean isCutAt(long message) {
        if (over || message != nextCut) {
            nextCut = nextCut < message ? message + 1 + random.below(random.oneIn(2) ? 30 : 1000) : nextCut;
            return false;
        }
        Marks.reached("sim.twin-stream-cut");
        return true;
    }

    private void run() {
        CrashRounds rounds = new CrashRounds(world, server, workload);
        world.at(random.below(LONGEST_PEACE_NANOS), this::weather);
        rounds.run(6, 300);
        end();
        rounds.finish(100);
        arrive();
    }

    private void opened(Pool found, SimProcess by) {
        pool = Optional.of(found);
        process = Optional.of(by);
        if (!twin.exists()) {
            judge.watchSource();
            twin.prepare(found.id(), () -> {
                judge.watchTwin();
                destroyed.ifPresent(who -> who.watch(twin.machine()));
            });
            destroyed.ifPresent(who -> who.watch(world.machine()));
        }
        found.twin().mirrorTo(streams.over(by.network()), TwinNode.ADDRESS, mostQueuedBytes);
        destroyed.ifPresent(who -> who.opened(found, by));
    }

    /** One thing goes wrong, then the next. */
    private void weather() {
        if (over) {
            return;
        }
        if (twin.exists()) {
            strike();
            strangers.ifPresent(Strangers::knock);
        }
        world.at(random.below(LONGEST_PEACE_NANOS), this::weather);
    }

    private void strike() {
        SimMachine machine = twin.machine();
        long forNanos = random.below(LONGEST_TROUBLE_NANOS);
        switch (random.below(8)) {
            case 0 -> world.net().resetAll(machine);
            case 1 -> {
                world.net().cut("a", "b");
                world.at(forNanos, world.net()::join);
            }
            case 2, 3 -> {
                if (machine.isRunning()) {
                    end(machine);
                    world.at(forNanos, this::startTwin);
                }
            }
            case 4 -> {
                if (machine.isRunning()) {
                    machine.process().pause(forNanos);
                }
            }
            case 5 -> {
                boolean slow = random.oneIn(2);
                DiskSpeed speed = slow ? new DiskSpeed(20_000_000, 40_000_000, 90_000_000, 50_000) : DiskSpeed.DEFAULT;
                machine.devices().forEach(device -> device.speed(speed));
            }
            case 6 -> {
                if (random.oneIn(6)) {
                    giveUp();
                }
            }
            default -> {
                fill(machine, true);
                world.at(forNanos, () -> fill(machine, false));
            }
        }
    }

    /** The file systems under all devices have no room for what is not there yet. */
    private static void fill(SimMachine machine, boolean full) {
        machine.devices().forEach(device -> device.faults().full = full);
    }

    private void end(SimMachine machine) {
        if (random.oneIn(2)) {
            machine.kill();
        } else {
            machine.powerCut();
        }
    }

    private void startTwin() {
        if (!twin.machine().isRunning()) {
            twin.start();
        }
    }

    private void giveUp() {
        pool.filter(found -> process.map(running -> !running.isDead()).orElse(false))
                .ifPresent(found -> {
                    judge.givenUp();
                    destroyed.ifPresent(SourceDestroyed::givenUp);
                    found.twin().giveUp();
                });
    }

    /** From now on there is peace. */
    private void end() {
        over = true;
        world.net().join();
        startTwin();
        fill(twin.machine(), false);
        twin.machine().devices().forEach(device -> device.speed(DiskSpeed.DEFAULT));
    }

    /** The source starts once more; the twin gets what it has, and then stands in for it. */
    private void arrive() {
        world.machine().powerCut();
        server.crashed(true);
        workload.powerCut();
        server.beQuiet();
        SimProcess by = world.machine().start();
        boolean[] serves = new boolean[1];
        server.start(by, volume -> serves[0] = true);
        world.runUntil(() -> serves[0]);
        TwinStatus last = settle(by);
        Root here = TwinJudge.newest(world.machine()).orElseThrow();
        Optional<Root> there = TwinJudge.newest(twin.machine());
        if (last.state() == SourceTwin.State.DIVERGED) {
            throw new OracleViolation("the twin diverged: " + last);
        }
        if (there.isEmpty() || !there.get().identity().equals(here.identity())) {
            throw new OracleViolation("in peace the twin does not get the newest root: " + last);
        }
        judge.judge(Crash.powerCut(0), true);
        standIn();
    }

    /** Waits until the twin has the newest root and nothing is on its way; or until it is clear that it never will. */
    private TwinStatus settle(SimProcess by) {
        Loop loop = by.newLoop("asks");
        List<TwinStatus> told = new ArrayList<>();
        for (int seconds = 0; seconds < 200; seconds++) {
            told.clear();
            Pool found = pool.orElseThrow();
            loop.post(() -> found.twin().status(loop, (status, counts) -> told.add(status)));
            world.runUntil(() -> !told.isEmpty());
            boolean isDecided = told.getFirst().state() == SourceTwin.State.DIVERGED && seconds > 60;
            boolean arrived = TwinJudge.newest(world.machine())
                    .filter(root -> root.number().cp() == told.getFirst().cp())
                    .isPresent();
            if (arrived || isDecided) {
                return told.getFirst();
            }
            world.runFor(1_000_000_000L);
        }
        return told.getFirst();
    }

    /** T1, as a client sees it: everything was made durable before, so the twin must hold all of it. */
    private void standIn() {
        SimWorld copy = new SimWorld(random.nextLong());
        for (SimDevice device : twin.machine().devices()) {
            device.copyAfter(Crash.powerCut(0), copy.machine());
        }
        copy.machine().kill();
        TwinNode there = twin.reversed(copy.machine(), TwinNode.ADDRESS);
        there.promote(true);
        copy.runUntil(there::isPool);
        copy.machine().kill();
        StoreServer other = server.forkOnTwin();
        BlockWorkload client = workload.fork(copy.random().split());
        client.powerCut();
        other.crashed(true);
        new CrashRounds(copy, other, client).recover(4, 1);
    }
}
