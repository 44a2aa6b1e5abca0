package dev.holdfast.sim.world;

/** What a disk may be asked to do. */
public enum DiskOperationKind {
    /** Bytes out. */
    READ,
    /** Bytes in, not durable yet. */
    WRITE,
    /** Bytes in, durable on completion. */
    WRITE_DURABLE,
    /** Everything that completed before becomes durable. */
    FLUSH,
    /** A range may lose its bytes. */
    DISCARD
}
