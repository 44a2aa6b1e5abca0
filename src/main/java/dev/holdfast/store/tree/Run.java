package dev.holdfast.store.tree;

/** Consecutive blocks of the array; reused by its owner. */
public final class Run {
    /** First address. */
    public long address;

    /** Number of blocks. */
    public long blocks;
}
