package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.sim.random.SimRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One machine: what survives a process (disks, shared memory, clock, network name), and at most one process. The
 * process itself, with its loops and connections, is {@link SimProcess}.
 */
public final class SimMachine {
    private final SimWorld world;
    private final String name;
    private final SimClock clock;
    private final SimRandom random;
    private final TreeMap<String, SimDevice> devices = new TreeMap<>();
    private final SimMemory memory;
    private final List<SimProcess> processes = new ArrayList<>();

    SimMachine(SimWorld world, String name) {
        this.world = world;
        this.name = name;
        this.random = world.random().split();
        this.clock = new SimClock(world.scheduler());
        this.memory = new SimMemory(random.split());
    }

    /** Its name, which is also its network address. */
    public String name() {
        return name;
    }

    /** The world it stands in. */
    public SimWorld world() {
        return world;
    }

    /** Its clock, with the faults of clocks. */
    public SimClock clock() {
        return clock;
    }

    /** Its shared memory, with the faults of memory. */
    public SimMemory memory() {
        return memory;
    }

    /** True while a process runs. */
    public boolean isRunning() {
        return !processes.isEmpty() && !processes.getLast().isDead();
    }

    /** The running process, or the last one that ran. */
    public SimProcess process() {
        Checks.that(!processes.isEmpty(), "the machine has been started once");
        return processes.getLast();
    }

    /** Starts a new process; there must be none. */
    public SimProcess start() {
        Checks.that(!isRunning(), "one process at a time");
        SimProcess process = new SimProcess(world, this, random.split());
        processes.clear();
        processes.add(process);
        return process;
    }

    /**
     * Ends the process as {@code kill -9} does: tasks, timers and connections are gone, disk operations it had issued
     * are done or not done, memory and what disks hold in their caches stay.
     */
    public void kill() {
        Checks.that(isRunning(), "there is a process to kill");
        world.noteFault(1);
        process().die(false);
        devices.values().forEach(SimDevice::processDied);
        memory.processDied();
    }

    /**
     * Ends the process in the middle of its next turn: nothing that turn does gets out, of its stores into memory any
     * subset is there, and it is gone. Harsher than the contract of shared memory, which keeps the order of fences.
     */
    public void killInTurn() {
        Checks.that(isRunning(), "there is a process to kill");
        process().doom();
    }

    /** Takes the power away: the process ends, memory is lost, disks lose any subset of what was not flushed. */
    public void powerCut() {
        world.noteFault(2);
        if (isRunning()) {
            process().die(true);
        }
        devices.values().forEach(SimDevice::powerCut);
        memory.powerCut();
    }

    /** The disk at {@code path}, if there is one. */
    public Optional<SimDevice> findDevice(String path) {
        return Optional.ofNullable(devices.get(path));
    }

    /** The disk at {@code path}, which must be there. */
    public SimDevice device(String path) {
        return findDevice(path).orElseThrow(() -> Checks.unreachable("there is a disk at " + path));
    }

    /** Every disk, in order of path. */
    public List<SimDevice> devices() {
        return List.copyOf(devices.values());
    }

    /** Puts a disk full of zeroes at {@code path}. */
    public SimDevice plug(String path, long lengthBytes) {
        Checks.that(!devices.containsKey(path), "the path is free");
        SimDevice device = new SimDevice(world, path, lengthBytes, random.split());
        devices.put(path, device);
        return device;
    }

    /** Moves the disk at {@code path} away, to be plugged in elsewhere; it must not be open. */
    public SimDevice unplug(String path) {
        SimDevice device = device(path);
        Checks.that(!device.isOpen(), "a disk is closed before it is unplugged");
        devices.remove(path);
        return device;
    }

    /** Puts a disk that was unplugged, here or elsewhere, at its path. */
    public void plugBack(String path, SimDevice device) {
        Checks.that(!devices.containsKey(path), "the path is free");
        devices.put(path, device);
    }
}
