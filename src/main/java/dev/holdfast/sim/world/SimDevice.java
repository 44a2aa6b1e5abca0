package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.random.SimRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * One simulated disk as hardware: it outlives processes and power cuts. Processes see it through a {@link SimDisk}.
 *
 * <p>Fault model, and nothing beyond it:
 *
 * <ul>
 *   <li>power cut: of the writes that completed and were not flushed any subset is there, each whole, torn at 512
 *       bytes, or absent; a write or durable write under way leaves any mixture of old and new 512-byte units in its
 *       range, the first new one of a block perhaps new in its first half only; discards that completed stay;
 *   <li>process death: an operation under way is done or not done; a durable write done that way is not yet durable;
 *   <li>what {@link DiskFaults} lists;
 *   <li>a read that overlaps a write under way sees each block old or new; completions come in any order;
 *   <li>a discarded block reads as zeroes, as before, or as garbage.
 * </ul>
 *
 * <p>A flush that lies is outside the model. The contract's duties of callers (alignment, direct buffers, bytes not
 * touched while a write is under way) are checked, and a breach ends the world.
 */
public final class SimDevice {
    private final SimWorld world;
    private final SimRandom random;
    private final String path;
    private final long lengthBytes;
    private final DiskFaults faults = new DiskFaults();
    private final Medium medium;
    private final List<DiskOperation> underWay = new ArrayList<>();
    private final List<DeviceListener> listeners = new ArrayList<>();
    private DiskSpeed speed = DiskSpeed.DEFAULT;
    private boolean open;
    private long issued;

    SimDevice(SimWorld world, String path, long lengthBytes, SimRandom random) {
        this(world, path, lengthBytes, random, new Medium(lengthBytes / Disk.BLOCK_BYTES));
    }

    private SimDevice(SimWorld world, String path, long lengthBytes, SimRandom random, Medium medium) {
        Checks.that(lengthBytes > 0 && lengthBytes % Disk.BLOCK_BYTES == 0, "whole blocks", lengthBytes);
        this.world = world;
        this.path = path;
        this.lengthBytes = lengthBytes;
        this.random = random;
        this.medium = medium;
    }

    /** The path it was plugged in at first. */
    public String path() {
        return path;
    }

    /** Length in bytes. */
    public long lengthBytes() {
        return lengthBytes;
    }

    /** What is wrong with it. */
    public DiskFaults faults() {
        return faults;
    }

    /** Its contents, for scenarios and oracles: looking and damaging by hand. */
    public Medium medium() {
        return medium;
    }

    /** Sets how long operations take from now on. */
    public void speed(DiskSpeed newSpeed) {
        speed = newSpeed;
    }

    /** Operations issued so far. */
    public long issuedOperations() {
        return issued;
    }

    /** True while a process has it open. */
    public boolean isOpen() {
        return open;
    }

    /** Tells {@code listener} of every operation from now on, outside of any loop's turn where it completes. */
    public void listen(DeviceListener listener) {
        listeners.add(listener);
    }

    /** Makes everything that is under way on a disk that was stuck or is gone end; call it after changing those. */
    public void settle() {
        for (DiskOperation operation : List.copyOf(underWay)) {
            if (operation.waits() || faults.gone) {
                end(operation);
            }
        }
    }

    /** Plugs into {@code other} what this disk would be after {@code crash}; this one does not change. */
    public SimDevice copyAfter(Crash crash, SimMachine other) {
        Medium after = medium.fork();
        after.crash(crash, underWay);
        SimDevice copy = new SimDevice(other.world(), path, lengthBytes, new SimRandom(issued), after);
        copy.speed = speed;
        other.plugBack(path, copy);
        return copy;
    }

    /** Writes whose fate a crash decides now: those completed and not flushed, and those under way. */
    public int volatileWrites() {
        return medium.volatileWrites(underWay);
    }

    SimDisk open(SimProcess process) throws WorldException {
        if (open) {
            throw new WorldException(path + ": locked by another process");
        }
        if (faults.gone) {
            throw new WorldException(path + ": does not answer");
        }
        open = true;
        return new SimDisk(this, process);
    }

    /** The handle was closed: what is under way fails, done or not. */
    void close() {
        open = false;
        for (DiskOperation operation : underWay) {
            operation.cancelEvent();
            operation.giveUp(medium, random);
            operation.tell(DiskOutcome.GONE);
        }
        underWay.clear();
    }

    void issue(DiskOperation operation, boolean closed) {
        issued++;
        operation.expect(faults.countIssued());
        if (closed) {
            operation.tell(DiskOutcome.GONE);
            return;
        }
        operation.issuedAfter(medium.completedWrites());
        underWay.add(operation);
        listeners.forEach(listener -> listener.issued(this, operation.kind(), operation.offset()));
        operation.completesBy(world.scheduler()
                .after(
                        durationNanos(operation),
                        world.scene(),
                        EventKind.DISK,
                        operation.offset(),
                        () -> end(operation)));
    }

    private long durationNanos(DiskOperation operation) {
        long leastNanos = switch (operation.kind()) {
            case READ -> speed.readNanos();
            case WRITE, DISCARD -> speed.writeNanos();
            case WRITE_DURABLE -> speed.writeNanos() + speed.flushNanos();
            case FLUSH -> speed.flushNanos();
        };
        long nanos = leastNanos
                + random.below(leastNanos + 1)
                + operation.lengthBytes() / Disk.BLOCK_BYTES * speed.blockNanos();
        if (random.perMillion(faults.slowPerMillion)) {
            nanos *= 100;
        }
        return nanos * faults.slowness;
    }

    private void end(DiskOperation operation) {
        if (faults.stuck && !faults.gone) {
            operation.waitForRelease();
            return;
        }
        underWay.remove(operation);
        operation.cancelEvent();
        DiskOutcome outcome = operation.perform(medium, faults, random, underWay);
        listeners.forEach(listener -> listener.completed(this, operation.kind(), operation.offset(), outcome));
        operation.tell(outcome);
    }

    /** The process died: its operations are done or not done, and nobody is told. */
    void processDied() {
        crash(Crash.processDeath(random));
    }

    /** The power went. */
    void powerCut() {
        crash(Crash.powerCut(random));
    }

    private void crash(Crash crash) {
        open = false;
        medium.crash(crash, underWay);
        underWay.forEach(DiskOperation::cancelEvent);
        underWay.clear();
    }
}
