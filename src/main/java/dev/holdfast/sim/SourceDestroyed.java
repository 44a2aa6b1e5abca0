package dev.holdfast.sim;

import dev.holdfast.base.Marks;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.workload.BlockWorkload;
import dev.holdfast.sim.workload.CrashRounds;
import dev.holdfast.sim.world.Crash;
import dev.holdfast.sim.world.DeviceListener;
import dev.holdfast.sim.world.DiskOperationKind;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.Pool;
import dev.holdfast.store.twin.TwinRing;

/**
 * T9: what if the source were destroyed now? At disk operations of both machines, now and then, what a power cut leaves
 * of the twin is promoted by force in a world of its own, and everything that was answered must be there. It looks only
 * while that is promised: the pool was synchronous once since its last start, and nobody gave anything up since.
 */
final class SourceDestroyed {
    private static final long LOOK_NANOS = 100_000_000L;
    private static final int ONE_IN_LOG = 12;
    private static final int ONE_IN_OTHER = 150;

    private final SimRandom random;
    private final TwinNode twin;
    private final StoreServer server;
    private final BlockWorkload workload;
    private final int mostChecks;
    private boolean promised;
    private boolean checking;
    private int checks;
    private int start;

    SourceDestroyed(SimWorld world, TwinNode twin, StoreServer server, BlockWorkload workload, int mostChecks) {
        this.random = world.random().split();
        this.twin = twin;
        this.server = server;
        this.workload = workload;
        this.mostChecks = mostChecks;
    }

    /** Looks at a machine whose devices are there. */
    void watch(SimMachine machine) {
        machine.devices().forEach(device -> device.listen(new Listener()));
    }

    /** {@code pool} is served by {@code process}: the mode is on, and what is promised has to be said again. */
    void opened(Pool pool, SimProcess process) {
        promised = false;
        start++;
        Loop loop = process.newLoop("looks");
        pool.twin().rpo(true, loop, known -> {});
        look(pool, process, loop, start);
    }

    /** What the twin has was given up. */
    void givenUp() {
        promised = false;
        start++;
    }

    private void look(Pool pool, SimProcess process, Loop loop, int of) {
        if (process.isDead()) {
            return;
        }
        loop.post(() -> pool.twin().status(loop, (status, counts) -> {
            if (of == start && status.log().state() == TwinRing.State.SYNCHRONOUS) {
                promised = true;
            }
            loop.after(LOOK_NANOS, () -> look(pool, process, loop, start));
        }));
    }

    /** The source is no more. */
    private void check() {
        checks++;
        Marks.reached("sim.source-destroyed");
        checking = true;
        SimWorld copy = new SimWorld(random.nextLong());
        Crash crash = random.oneIn(2) ? Crash.powerCut(0) : Crash.powerCut(random);
        twin.machine().devices().forEach(device -> device.copyAfter(crash, copy.machine()));
        copy.machine().kill();
        TwinNode there = twin.reversed(copy.machine(), TwinNode.ADDRESS);
        there.promote(true);
        copy.runUntil(there::isPool);
        copy.machine().kill();
        StoreServer other = server.forkOnTwin();
        BlockWorkload client = workload.fork(copy.random().split());
        client.processDied();
        other.crashed(false);
        try {
            new CrashRounds(copy, other, client).recover(4, 2);
        } catch (RuntimeException | AssertionError failure) {
            throw new OracleViolation("were the source destroyed now: " + failure);
        }
        checking = false;
    }

    private final class Listener implements DeviceListener {
        @Override
        public void issued(SimDevice device, DiskOperationKind kind, long offset) {
            look(kind);
        }

        @Override
        public void completed(SimDevice device, DiskOperationKind kind, long offset, DiskOutcome outcome) {
            look(kind);
        }

        private void look(DiskOperationKind kind) {
            int oneIn = kind == DiskOperationKind.WRITE_DURABLE ? ONE_IN_LOG : ONE_IN_OTHER;
            boolean wanted = kind != DiskOperationKind.READ && promised && !checking && checks < mostChecks;
            if (wanted && random.oneIn(oneIn)) {
                check();
            }
        }
    }
}
