package dev.holdfast.store;

import dev.holdfast.base.Checks;

/**
 * How many more blocks may become dirty before the next consistency point could run out of addresses. It only
 * computes.
 *
 * <p>Invariant G1: what a consistency point needs for d dirty blocks - the blocks, a fresh node for each node above
 * them, its tables - is free when the d blocks are admitted. Above d lone blocks there are at most d nodes a level
 * and
 * never more than all nodes of all volumes.
 */
final class SpaceLedger {
    private static final int LEVELS = 4;
    private static final int POINTERS = 128;
    private static final long TABLE_RESERVE = 256;

    private SpaceLedger() {}

    /** Blocks kept back for tables, dead lists and the free map, so that deleting always works. */
    static long reserve(long totalBlocks) {
        return TABLE_RESERVE + totalBlocks / 50;
    }

    /** Dirty blocks that {@code free} addresses are certainly enough for. */
    static long admissible(long free, long totalBlocks, long volumeBlocks) {
        Checks.that(totalBlocks > 0 && free <= totalBlocks, "free blocks are blocks of the pool", free, totalBlocks);
        long spendable = free - reserve(totalBlocks);
        if (spendable <= 0) {
            return 0;
        }
        long allNodes = 2 * (volumeBlocks / POINTERS + volumeBlocks / POINTERS / POINTERS + LEVELS);
        return Math.max(spendable / (1 + LEVELS), spendable - allNodes);
    }

    /** Addresses that {@code dirty} blocks may cost. */
    static long cost(long dirty, long volumeBlocks) {
        Checks.that(dirty >= 0 && volumeBlocks >= 0, "blocks are counted", dirty, volumeBlocks);
        long allNodes = 2 * (volumeBlocks / POINTERS + volumeBlocks / POINTERS / POINTERS + LEVELS);
        return dirty + Math.min(dirty * LEVELS, allNodes);
    }
}
