package dev.holdfast.io;

/** Told once when a disk operation has ended. */
@FunctionalInterface
public interface DiskDone {
    /** The operation started with {@code token} has ended with {@code outcome}. */
    void done(long token, DiskOutcome outcome);
}
