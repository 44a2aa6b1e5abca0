package dev.holdfast.sim.world;

/** Whoever an event happens to. Events of an owner that is dead are dropped, as a dead process's are. */
interface Owner {
    /** True once nothing may happen to it any more. */
    boolean isDead();

    /** A name for the trace. */
    String label();

    /** A number for the hash: the order in which owners were made. */
    int id();
}
