package dev.holdfast.sim.world;

import dev.holdfast.io.Clock;
import dev.holdfast.io.Disk;
import dev.holdfast.io.Disks;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Network;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.SharedMemory;
import dev.holdfast.io.Workers;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.random.SimRandom;
import java.util.Optional;

/** One process on a machine, from start to death: the {@link World} that one node is given. */
public final class SimProcess implements World {
    private final SimWorld world;
    private final SimMachine machine;
    private final SimRandom random;
    private boolean dead;
    private boolean silent;
    private boolean doomed;
    private long pausedUntilNanos;

    SimProcess(SimWorld world, SimMachine machine, SimRandom random) {
        this.world = world;
        this.machine = machine;
        this.random = random;
    }

    /** The machine it runs on. */
    public SimMachine machine() {
        return machine;
    }

    /** True once it was killed. */
    public boolean isDead() {
        return dead;
    }

    @Override
    public Clock clock() {
        return machine.clock();
    }

    @Override
    public Entropy entropy() {
        return random::nextLong;
    }

    @Override
    public SimLoop newLoop(String name) {
        return new SimLoop(this, name);
    }

    @Override
    public Disks disks() {
        return new MachineDisks();
    }

    @Override
    public SharedMemory sharedMemory(String place) {
        return new SimMemory.View(machine.memory(), place.isEmpty() ? SimMemory.DEFAULT_PLACE : place);
    }

    @Override
    public Network network() {
        return new SimNetwork.View(world.net(), this);
    }

    @Override
    public Workers workers() {
        return new SimWorkers(this, random.split());
    }

    /** A membership in the ordered log called {@code name}, which all machines share. */
    public OrderedLog orderedLog(String name) {
        return new SimOrderedLog(world.logGroup(name), this, random.split());
    }

    /** Stops every loop for {@code nanos}, as a suspended machine or a long collection does; its disks go on. */
    public void pause(long nanos) {
        pausedUntilNanos = Math.max(pausedUntilNanos, world.nowNanos() + nanos);
    }

    /** True while the last turn before death runs, whose effects nobody sees; see {@link SimMachine#killInTurn}. */
    public boolean isSilent() {
        return silent;
    }

    long pausedUntilNanos() {
        return pausedUntilNanos;
    }

    /** True from {@link SimMachine#killInTurn} on. */
    public boolean isDoomed() {
        return doomed;
    }

    void doom() {
        doomed = true;
    }

    void silence() {
        silent = true;
    }

    SimWorld world() {
        return world;
    }

    Scheduler scheduler() {
        return world.scheduler();
    }

    void die(boolean powerCut) {
        dead = true;
        world.net().processDied(this, powerCut);
    }

    private final class MachineDisks implements Disks {
        @Override
        public Disk open(String path) throws WorldException {
            Optional<SimDevice> device = machine.findDevice(path);
            if (device.isEmpty()) {
                throw new WorldException(path + ": no such disk");
            }
            return device.get().open(SimProcess.this);
        }

        @Override
        public Disk create(String path, long lengthBytes) throws WorldException {
            if (exists(path)) {
                throw new WorldException(path + ": exists already");
            }
            return machine.plug(path, lengthBytes).open(SimProcess.this);
        }

        @Override
        public boolean exists(String path) {
            return machine.findDevice(path).isPresent();
        }
    }
}
