package dev.holdfast.io;

/** Runs pure computations on frozen data beside the loops. They may touch nothing but what they were given. */
public interface Workers {
    /** Runs {@code work} somewhere, then {@code done} on {@code loop}; results come back in any order. */
    void run(Runnable work, Loop loop, Runnable done);
}
