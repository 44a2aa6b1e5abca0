package dev.holdfast.sim.workload;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a workload against a server in rounds. A round is: start, read everything, requests, then a crash of the process
 * or of the power at any moment, or none. It decides when things crash and nothing else: disk faults are the caller's.
 */
public final class CrashRounds {
    private final SimWorld world;
    private final Server server;
    private final BlockWorkload workload;
    private final SimRandom random;

    /** Rounds of {@code workload} against {@code server} on the world's first machine. */
    public CrashRounds(SimWorld world, Server server, BlockWorkload workload) {
        this.world = world;
        this.server = server;
        this.workload = workload;
        this.random = world.random().split();
    }

    /** Runs {@code rounds} rounds of up to {@code requests} requests each, then one that ends in peace. */
    public void run(int rounds, int requests) {
        boolean afterCrash = false;
        for (int round = 0; round < rounds; round++) {
            open(afterCrash, 4);
            workload.start(1 + random.below(requests));
            boolean finishes = random.oneIn(4);
            long untilNanos = world.nowNanos() + 1 + random.below(random.oneIn(4) ? 60_000_000_000L : 2_000_000_000L);
            world.runUntil(() -> workload.isIdle() || (!finishes && world.nowNanos() >= untilNanos));
            crash();
            afterCrash = true;
        }
        open(afterCrash, 4);
        goOn(requests);
    }

    /**
     * After a crash: starts the server, in one of {@code oneInTwice} cases with another crash while it starts, and
     * reads everything; in one of {@code oneInOnwards} cases, sends requests and verifies.
     */
    public void recover(int oneInTwice, int oneInOnwards) {
        open(true, oneInTwice);
        if (random.oneIn(oneInOnwards)) {
            goOn(20);
        }
    }

    private void goOn(int requests) {
        workload.start(requests);
        world.runUntil(workload::isIdle);
        readAll(false);
        int[] verified = new int[1];
        workload.volume().loop().post(() -> server.verify(() -> verified[0]++));
        world.runUntil(() -> verified[0] > 0);
    }

    /** Starts the server, sometimes with crashes while it starts, and reads everything. */
    private void open(boolean afterCrash, int oneInTwice) {
        SimMachine machine = world.machine();
        if (!machine.isRunning()) {
            machine.start();
        }
        List<BlockVolume> opened = new ArrayList<>(1);
        server.start(machine.process(), opened::add);
        boolean crashes = afterCrash && random.oneIn(oneInTwice);
        long untilNanos = world.nowNanos() + random.below(20_000_000L);
        world.runUntil(() -> !opened.isEmpty() || (crashes && world.nowNanos() >= untilNanos));
        if (opened.isEmpty()) {
            crash();
            open(true, oneInTwice);
            return;
        }
        workload.ignoreWhile(machine.process()::isSilent);
        workload.attach(opened.getFirst());
        readAll(afterCrash);
    }

    private void readAll(boolean afterCrash) {
        int[] done = new int[1];
        workload.volume().loop().post(() -> workload.readAll(afterCrash, () -> done[0]++));
        world.runUntil(() -> done[0] > 0);
    }

    /** Between two turns, or in the middle of one. */
    private void kill() {
        if (random.oneIn(2)) {
            world.machine().killInTurn();
            long untilNanos = world.nowNanos() + 10_000_000;
            boolean more = true;
            while (more && world.machine().isRunning() && world.nowNanos() < untilNanos) {
                more = world.step();
            }
        }
        if (world.machine().isRunning()) {
            world.machine().kill();
        }
    }

    private void crash() {
        boolean powerCut = random.oneIn(2);
        if (powerCut) {
            world.machine().powerCut();
            workload.powerCut();
        } else {
            kill();
            workload.processDied();
        }
        server.crashed(powerCut);
        world.runFor(random.below(100_000_000L));
    }
}
