package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Disks;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.SharedMemory;
import dev.holdfast.io.Workers;
import dev.holdfast.io.World;
import dev.holdfast.sim.random.SimRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A whole simulated world: machines, the network between them, and virtual time, decided by one seed. As an
 * {@link World} it stands for the running process of its first machine, which is all that a test of one node needs:
 *
 * <pre>{@code
 * var world = new SimWorld(7);
 * Loop loop = world.newLoop("shard-0");
 * loop.post(() -> ...);
 * world.runUntil(() -> finished);
 * world.machine().powerCut();
 * world.machine().start();   // the same world now stands for a new process
 * }</pre>
 */
public final class SimWorld implements World {
    /** How much virtual time {@link #runUntil} allows before it gives up. */
    public static final long PATIENCE_NANOS = 3_600_000_000_000L;

    private static final int OUTSIDE = -2;

    private final long seed;
    private final SimRandom random;
    private final Scheduler scheduler;
    private final SimNetwork network;
    private final List<SimMachine> machines = new ArrayList<>();
    private final TreeMap<String, SimLogGroup> logGroups = new TreeMap<>();
    private final Scene scene;
    private int poster = OUTSIDE;

    /** The world that {@code seed} names, with one machine that runs one process. */
    public SimWorld(long seed) {
        this.seed = seed;
        this.random = new SimRandom(seed);
        this.scheduler = new Scheduler(random.split());
        this.scene = new Scene(scheduler.nextOwnerId());
        this.network = new SimNetwork(this);
        newMachine("a").start();
    }

    /** The seed. */
    public long seed() {
        return seed;
    }

    /** The first machine. */
    public SimMachine machine() {
        return machines.getFirst();
    }

    /** One more machine, switched off until {@link SimMachine#start}. Its name is its network address. */
    public SimMachine newMachine(String name) {
        SimMachine machine = new SimMachine(this, name);
        machines.add(machine);
        return machine;
    }

    /** Every machine, in the order they were made. */
    public List<SimMachine> machines() {
        return List.copyOf(machines);
    }

    /** Random numbers for scenarios; drawing from it changes what happens later. */
    public SimRandom random() {
        return random;
    }

    /** Faults of the network. */
    public SimNetwork net() {
        return network;
    }

    /** Virtual nanoseconds since the world began. */
    public long nowNanos() {
        return scheduler.nowNanos();
    }

    /** The events so far: hash, count, trace. */
    public EventLog log() {
        return scheduler.log();
    }

    /** Runs {@code task} outside of every process, {@code delayNanos} from now: what a scenario does to the world. */
    public void at(long delayNanos, Runnable task) {
        scheduler.after(delayNanos, scene, EventKind.SCENARIO, 0, task);
    }

    /** Runs one event; false if nothing will ever happen again. */
    public boolean step() {
        try {
            return scheduler.step();
        } catch (RuntimeException | AssertionError failure) {
            throw new SimFailure(this, failure);
        }
    }

    /** Runs until {@code condition} holds; fails if that takes longer than {@link #PATIENCE_NANOS}. */
    public void runUntil(BooleanSupplier condition) {
        runUntil(condition, PATIENCE_NANOS);
    }

    /** Runs until {@code condition} holds; fails if that takes more than {@code patienceNanos}. */
    public void runUntil(BooleanSupplier condition, long patienceNanos) {
        long lastNanos = nowNanos() + patienceNanos;
        while (!condition.getAsBoolean()) {
            if (nowNanos() > lastNanos) {
                throw new SimFailure(this, "still waiting after " + patienceNanos + " virtual ns");
            }
            if (!step()) {
                throw new SimFailure(this, "nothing left to happen, and what was waited for has not");
            }
        }
    }

    /** Lets {@code nanos} of virtual time pass. */
    public void runFor(long nanos) {
        long untilNanos = nowNanos() + nanos;
        while (scheduler.nextDueNanos() <= untilNanos) {
            step();
        }
        scheduler.idleUntil(untilNanos);
    }

    /** Runs {@code task} on {@code loop} and returns its result once it has run. */
    public <T> T call(Loop loop, Supplier<T> task) {
        List<T> result = new ArrayList<>(1);
        loop.post(() -> result.add(task.get()));
        runUntil(() -> !result.isEmpty());
        return result.getFirst();
    }

    /** Runs {@code task} on {@code loop} and returns once it has run. */
    public void run(Loop loop, Runnable task) {
        call(loop, () -> {
            task.run();
            return true;
        });
    }

    /** A membership of the running process in the ordered log called {@code name}. */
    public OrderedLog orderedLog(String name) {
        return machine().process().orderedLog(name);
    }

    /** The ordered log called {@code name} itself, with its faults. */
    public SimLogGroup logGroup(String name) {
        return logGroups.computeIfAbsent(name, absent -> new SimLogGroup(this));
    }

    @Override
    public Clock clock() {
        return machine().process().clock();
    }

    @Override
    public Entropy entropy() {
        return machine().process().entropy();
    }

    @Override
    public SimLoop newLoop(String name) {
        return machine().process().newLoop(name);
    }

    @Override
    public Disks disks() {
        return machine().process().disks();
    }

    @Override
    public SharedMemory sharedMemory(String place) {
        return machine().process().sharedMemory(place);
    }

    @Override
    public Network network() {
        return machine().process().network();
    }

    @Override
    public Workers workers() {
        return machine().process().workers();
    }

    Scheduler scheduler() {
        return scheduler;
    }

    /** Counts a fault in the event log. */
    void noteFault(long detail) {
        scheduler.log().add(nowNanos(), scene.label(), scene.id(), EventKind.FAULT, detail);
    }

    /** Who posts now: a loop's id, or outside. */
    int posterId() {
        return poster;
    }

    void enter(SimLoop loop) {
        Checks.that(poster == OUTSIDE, "one loop runs at a time", poster);
        poster = loop.id();
    }

    void leave() {
        poster = OUTSIDE;
    }

    /** Hardware and scenario: what outlives every process. */
    Owner scene() {
        return scene;
    }

    private record Scene(int id) implements Owner {
        @Override
        public boolean isDead() {
            return false;
        }

        @Override
        public String label() {
            return "world";
        }
    }
}
