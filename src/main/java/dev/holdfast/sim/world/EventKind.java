package dev.holdfast.sim.world;

/** What happens in a simulated world; part of the event-log hash, so the order of the constants is too. */
public enum EventKind {
    /** A loop begins a turn. */
    TURN,
    /** A task that was posted runs. */
    POST,
    /** A timer fires. */
    TIMER,
    /** A disk operation ends; the detail is its offset. */
    DISK,
    /** Bytes or the end of a stream arrive. */
    NETWORK,
    /** A worker's result comes back. */
    WORKER,
    /** A record of an ordered log is delivered, or an append ends. */
    LOG,
    /** A fault is injected; the detail says which. */
    FAULT,
    /** The scenario acts. */
    SCENARIO
}
