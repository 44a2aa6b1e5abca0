package dev.holdfast.store.verify;

import dev.holdfast.base.Checks;

/** A set of block addresses; memory only where there are some. */
public final class BlockSet {
    private static final int CHUNK_BITS = 15;
    private static final int CHUNK_WORDS = 1 << CHUNK_BITS - 6;

    private final long[][] chunks;
    private long size;

    public BlockSet(long dataBlocks) {
        Checks.that(dataBlocks >> CHUNK_BITS < Integer.MAX_VALUE - 8, "a size in reach", dataBlocks);
        chunks = new long[(int) (dataBlocks >> CHUNK_BITS) + 1][];
    }

    /** Adds {@code address}; false if it was there. */
    public boolean add(long address) {
        Checks.that(address >= 0, "addresses are positive", address);
        int chunk = (int) (address >> CHUNK_BITS);
        if (chunks[chunk] == null) {
            chunks[chunk] = new long[CHUNK_WORDS];
        }
        int word = (int) (address >> 6) & CHUNK_WORDS - 1;
        long bit = 1L << address;
        boolean isNew = (chunks[chunk][word] & bit) == 0;
        chunks[chunk][word] |= bit;
        size += isNew ? 1 : 0;
        return isNew;
    }

    public boolean contains(long address) {
        long[] words = chunks[(int) (address >> CHUNK_BITS)];
        return words != null && (words[(int) (address >> 6) & CHUNK_WORDS - 1] >>> address & 1) != 0;
    }

    public long size() {
        return size;
    }
}
