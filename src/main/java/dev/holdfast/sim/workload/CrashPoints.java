package dev.holdfast.sim.workload;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.Crash;
import dev.holdfast.sim.world.DeviceListener;
import dev.holdfast.sim.world.DiskOperationKind;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;

/**
 * Enumerates crashes: whenever a disk operation is issued or ends, or something was said to be durable, what a process
 * death and a power cut would leave is copied into worlds of their own, with subsets of what was not durable, and the
 * server must open there and hold what its clients were promised. The workload itself goes on undisturbed.
 *
 * <p>It tries every subset of up to {@link Bounds#exhaustive} volatile writes, and above that none, all, all but one,
 * only one, and random ones, some torn. It does not try every subset of many writes.
 */
public final class CrashPoints implements DeviceListener {
    private final SimWorld world;
    private final Server server;
    private final BlockWorkload workload;
    private final Bounds bounds;
    private final SimRandom random;
    private long points;
    private long crashes;
    private boolean active;

    /**
     * How much to try.
     *
     * @param exhaustive up to so many volatile writes every subset is tried
     * @param sampled of more of them, so many subsets
     * @param oneInTwice one in so many crashes is followed by another one while the server opens again
     * @param oneInOnwards one in so many copies goes on with requests, and is verified, after it was judged
     * @param untilOffset only operations that begin below this byte of their disk count
     */
    public record Bounds(int exhaustive, int sampled, int oneInTwice, int oneInOnwards, long untilOffset) {
        /** Bounds of which every operation counts. */
        public Bounds(int exhaustive, int sampled, int oneInTwice, int oneInOnwards) {
            this(exhaustive, sampled, oneInTwice, oneInOnwards, Long.MAX_VALUE);
        }
    }

    /** Crashes of {@code server} under {@code workload} on the world's first machine. */
    public CrashPoints(SimWorld world, Server server, BlockWorkload workload, Bounds bounds) {
        this.world = world;
        this.server = server;
        this.workload = workload;
        this.bounds = bounds;
        this.random = world.random().split();
    }

    /** Moments at which crashes were tried. */
    public long points() {
        return points;
    }

    /** Crashes tried. */
    public long crashes() {
        return crashes;
    }

    /** Starts the server and sends {@code requests}; crashes are tried from the first request to the last answer. */
    public void run(int requests) {
        List<BlockVolume> opened = new ArrayList<>(1);
        server.servedTo(workload);
        server.start(world.machine().process(), opened::add);
        world.runUntil(() -> !opened.isEmpty());
        world.machine().devices().forEach(device -> device.listen(this));
        workload.whenDurable(this::tryPowerCuts);
        active = true;
        workload.attach(opened.getFirst());
        workload.start(requests);
        world.runUntil(workload::isIdle);
        active = false;
    }

    @Override
    public void issued(SimDevice device, DiskOperationKind kind, long offset) {
        tryCrashes(kind, offset);
    }

    @Override
    public void completed(SimDevice device, DiskOperationKind kind, long offset, DiskOutcome outcome) {
        tryCrashes(kind, offset);
    }

    private void tryCrashes(DiskOperationKind kind, long offset) {
        if (!active || kind == DiskOperationKind.READ || offset >= bounds.untilOffset) {
            return;
        }
        points++;
        int writes = 0;
        for (SimDevice device : world.machine().devices()) {
            writes = Math.max(writes, device.volatileWrites());
        }
        tryCrash(Crash.processDeath(0));
        tryCrash(Crash.processDeath(-1));
        tryCrash(Crash.processDeath(random));
        if (writes <= bounds.exhaustive) {
            for (long mask = 0; mask < 1L << writes; mask++) {
                tryCrash(Crash.powerCut(mask));
            }
        } else {
            tryCrash(Crash.powerCut(0));
            tryCrash(Crash.powerCut(-1));
            for (int i = 0; i < bounds.sampled; i++) {
                tryCrash(Crash.powerCut(1L << random.below(Math.min(64, writes))));
                tryCrash(Crash.powerCut(~(1L << random.below(Math.min(64, writes)))));
                tryCrash(Crash.powerCut(random));
            }
        }
        tryCrash(Crash.powerCut(random));
    }

    /** Something is promised now that was not before: the power goes before anything else happens. */
    private void tryPowerCuts() {
        if (active) {
            points++;
            tryCrash(Crash.powerCut(0));
            tryCrash(Crash.powerCut(random));
        }
    }

    private void tryCrash(Crash crash) {
        crashes++;
        SimWorld copy = new SimWorld(random.nextLong());
        SimMachine machine = copy.machine();
        world.machine().devices().forEach(device -> device.copyAfter(crash, machine));
        Server twin = server.fork();
        BlockWorkload client = workload.fork(copy.random().split());
        if (crash.isPowerCut()) {
            client.powerCut();
        } else {
            world.machine().memory().copyTo(machine.memory());
            client.processDied();
        }
        twin.crashed(crash.isPowerCut());
        try {
            new CrashRounds(copy, twin, client).recover(bounds.oneInTwice, bounds.oneInOnwards);
        } catch (RuntimeException | AssertionError failure) {
            throw new OracleViolation("at operation " + points + ", after " + crash + ": " + failure);
        }
    }
}
