package dev.holdfast.device;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Disk;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One open disk that carries a label, and how it has behaved since it was opened. Whether it holds current data is the
 * array's knowledge.
 *
 * <p>Read errors may be counted from any loop; everything else is touched by the array's loop only.
 */
public final class Device {
    private static final VarHandle READ_ERRORS = readErrorsHandle();

    private final Disk disk;
    private final Label label;

    @SuppressWarnings("unused") // through READ_ERRORS
    private volatile long readErrors;

    private long writeErrors;
    private long repaired;

    /** The device that {@code disk} is according to {@code label}; the disk is long enough for it. */
    public Device(Disk disk, Label label) {
        Checks.that(disk.lengthBytes() >= label.geometry().endBytes(), "a disk as long as its label says");
        this.disk = disk;
        this.label = label;
    }

    /** The disk. */
    public Disk disk() {
        return disk;
    }

    /** What it says of itself. */
    public Label label() {
        return label;
    }

    /** Counts {@code count} reads that failed or did not verify; from any loop. */
    public void countReadErrors(long count) {
        READ_ERRORS.getAndAdd(this, count);
    }

    /** Counts a write or flush that failed. */
    public void countWriteError() {
        writeErrors++;
    }

    /** Counts a block that was overwritten with a good copy. */
    public void countRepaired() {
        repaired++;
    }

    /** Reads that failed or did not verify. */
    public long readErrors() {
        return readErrors;
    }

    /** Writes and flushes that failed. */
    public long writeErrors() {
        return writeErrors;
    }

    /** Blocks overwritten with a good copy. */
    public long repaired() {
        return repaired;
    }

    private static VarHandle readErrorsHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(Device.class, "readErrors", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
