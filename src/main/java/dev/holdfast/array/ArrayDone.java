package dev.holdfast.array;

/** Told once when an array operation has ended. */
@FunctionalInterface
public interface ArrayDone {
    /** The operation started with {@code token} has ended with {@code outcome}. */
    void done(long token, ArrayOutcome outcome);
}
