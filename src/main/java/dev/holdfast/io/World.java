package dev.holdfast.io;

/** Everything unpredictable one node may touch, in one place: the real machine or a simulated one. */
public interface World {
    /** This machine's time. */
    Clock clock();

    /** Source of identifiers. */
    Entropy entropy();

    /** Makes a loop with a thread's worth of turns of its own. */
    Loop newLoop(String name);

    /** Disks by path. */
    Disks disks();

    /** Memory under {@code place} (a directory); the empty string picks the default place. */
    SharedMemory sharedMemory(String place);

    /** Streams to others. */
    Network network();

    /** Helpers for computations. */
    Workers workers();
}
