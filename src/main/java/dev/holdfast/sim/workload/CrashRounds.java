package dev.holdfast.sim.workload;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Runs a workload against a server in rounds. A round is: start, read everything, requests, then an {@link End} of the
 * process at any moment. It decides when and how processes end and nothing else: disk faults are the caller's.
 */
public final class CrashRounds {
    private static final int ONE_IN_TWICE = 4;
    private static final int MOST_UNREADABLE = 3;
    private static final int ONE_IN_UNLINKED = 10;

    private final SimWorld world;
    private final Server server;
    private final BlockWorkload workload;
    private final SimRandom random;
    private Runnable calm = () -> {};
    private boolean afterCrash;
    private int unreadable;

    /** Somebody removed the memory's name in this round: until the server notices, death loses what it holds. */
    private boolean unlinked;

    /** How a process ends. */
    private enum End {
        /** Between two turns. */
        KILLED,
        /** In the middle of a turn, with some of its stores into memory. */
        KILLED_IN_TURN,
        /** With the power. */
        POWER_CUT,
        /** Killed, and its memory removed before the next start. */
        MEMORY_REMOVED,
        /** Killed, and its memory scribbled over. */
        MEMORY_DAMAGED,
        /** Stopped cleanly, then the power went. */
        STOPPED
    }

    /** Rounds of {@code workload} against {@code server} on the world's first machine. */
    public CrashRounds(SimWorld world, Server server, BlockWorkload workload) {
        this.world = world;
        this.server = server;
        this.workload = workload;
        this.random = world.random().split();
        server.servedTo(workload);
    }

    /** {@code task} makes an end of whatever keeps blocks from being read, when that is in the way of judging. */
    public void calmBy(Runnable task) {
        calm = task;
    }

    /** Runs {@code rounds} rounds of up to {@code requests} requests each. */
    public void run(int rounds, int requests) {
        for (int round = 0; round < rounds; round++) {
            open(ONE_IN_TWICE);
            if (random.oneIn(ONE_IN_UNLINKED)) {
                world.machine().memory().unlinkAll();
                unlinked = true;
            }
            workload.start(1 + random.below(requests));
            BooleanSupplier due = due();
            world.runUntil(() -> workload.isIdle() || due.getAsBoolean());
            end();
        }
    }

    /** Runs a round of {@code requests} requests that ends with a clean stop, and then the power goes. */
    public void fill(int requests) {
        open(ONE_IN_TWICE);
        workload.start(requests);
        world.runUntil(workload::isIdle);
        end(End.STOPPED);
    }

    /** When a round ends: some time on, at some disk operation, or right when something was said to be durable. */
    private BooleanSupplier due() {
        return switch (random.below(4)) {
            case 0 -> () -> false;
            case 1 -> {
                long longestNanos = random.oneIn(4) ? 60_000_000_000L : 2_000_000_000L;
                long untilNanos = world.nowNanos() + 1 + random.below(longestNanos);
                yield () -> world.nowNanos() >= untilNanos;
            }
            case 2 -> atOperation(400);
            default -> {
                long answers = workload.durableAnswers() + 1 + random.below(20);
                yield () -> workload.durableAnswers() >= answers;
            }
        };
    }

    private BooleanSupplier atOperation(int bound) {
        long operations = operations() + 1 + random.below(bound);
        return () -> operations() >= operations;
    }

    private long operations() {
        long issued = 0;
        for (SimDevice device : world.machine().devices()) {
            issued += device.issuedOperations();
        }
        return issued;
    }

    /** Runs a round that ends in peace, and has the server verify itself, running and stopped. */
    public void finish(int requests) {
        open(ONE_IN_TWICE);
        goOn(requests);
        stop();
        inspect();
    }

    /**
     * After a crash: inspects the disks, starts the server, in one of {@code oneInTwice} cases with another crash while
     * it starts, and reads everything; in one of {@code oneInOnwards} cases, sends requests and verifies.
     */
    public void recover(int oneInTwice, int oneInOnwards) {
        afterCrash = true;
        inspect();
        open(oneInTwice);
        if (random.oneIn(oneInOnwards)) {
            goOn(20);
            stop();
            inspect();
        }
    }

    private void goOn(int requests) {
        workload.start(requests);
        world.runUntil(workload::isIdle);
        readAll();
        await(workload.volume().loop(), done -> server.verify(workload.volume().loop(), done));
    }

    /** Starts the server, sometimes with crashes while it starts, and reads everything. */
    private void open(int oneInTwice) {
        SimMachine machine = world.machine();
        if (!machine.isRunning()) {
            machine.start();
        }
        List<BlockVolume> opened = new ArrayList<>(1);
        server.start(machine.process(), opened::add);
        boolean crashes = afterCrash && random.oneIn(oneInTwice);
        BooleanSupplier due = crashes ? atOperation(80) : () -> false;
        world.runUntil(() -> !opened.isEmpty() || due.getAsBoolean());
        if (opened.isEmpty()) {
            end();
            open(oneInTwice);
            return;
        }
        workload.ignoreWhile(machine.process()::isSilent);
        workload.attach(opened.getFirst());
        if (readAll()) {
            afterCrash = false;
            unreadable = 0;
        } else if (++unreadable > MOST_UNREADABLE) {
            throw new OracleViolation("what cannot be read stays so, though the disks are well");
        } else {
            calm.run();
            machine.kill();
            told(false);
            open(0);
        }
    }

    private boolean readAll() {
        List<Boolean> complete = new ArrayList<>(1);
        workload.volume().loop().post(() -> workload.readAll(afterCrash, complete::add));
        world.runUntil(() -> !complete.isEmpty());
        return complete.getFirst();
    }

    private void inspect() {
        if (!world.machine().isRunning()) {
            world.machine().start();
        }
        int[] sound = new int[1];
        server.inspect(world.machine().process(), () -> sound[0]++);
        world.runUntil(() -> sound[0] > 0);
    }

    private void await(Loop loop, Consumer<Runnable> call) {
        int[] done = new int[1];
        loop.post(() -> call.accept(() -> done[0]++));
        world.runUntil(() -> done[0] > 0);
    }

    private void end() {
        end(End.values()[random.below(End.values().length)]);
    }

    private void end(End how) {
        boolean memoryLost = unlinked || (how != End.KILLED && how != End.KILLED_IN_TURN);
        unlinked = false;
        switch (how) {
            case KILLED -> world.machine().kill();
            case KILLED_IN_TURN -> killInTurn();
            case POWER_CUT -> world.machine().powerCut();
            case MEMORY_REMOVED -> {
                world.machine().memory().unlinkAll();
                world.machine().kill();
            }
            case MEMORY_DAMAGED -> {
                world.machine().kill();
                world.machine().memory().scribble();
            }
            case STOPPED -> {
                if (workload.isIdle() && !afterCrash) {
                    stop();
                }
                world.machine().powerCut();
            }
        }
        told(memoryLost);
        world.runFor(random.below(100_000_000L));
    }

    private void told(boolean memoryLost) {
        if (memoryLost) {
            workload.powerCut();
        } else {
            workload.processDied();
        }
        server.crashed(memoryLost);
        afterCrash = true;
    }

    private void killInTurn() {
        world.machine().killInTurn();
        long untilNanos = world.nowNanos() + 10_000_000;
        boolean more = true;
        while (more && world.machine().isRunning() && world.nowNanos() < untilNanos) {
            more = world.step();
        }
        if (world.machine().isRunning()) {
            world.machine().kill();
        }
    }

    private void stop() {
        Loop loop = workload.volume().loop();
        await(loop, done -> server.stop(loop, done));
        if (!workload.areErrorsAllowed()) {
            workload.flushed();
        }
        server.crashed(false);
    }
}
