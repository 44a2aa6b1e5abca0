package dev.holdfast.store.cache;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/** A shard's changes that no root has yet, block by block. */
public final class DirtyMap {
    /** Number of blocks, ascending from index 0; zero ranges are apart. Only of a sealed map, as all below. */
    public int size() {
        throw Checks.unreachable("being written");
    }

    /** The block at {@code index}. */
    public long block(int index) {
        throw Checks.unreachable("being written");
    }

    /** What is held of the block at {@code index}. */
    public DirtyKind kind(int index) {
        throw Checks.unreachable("being written");
    }

    /** Puts the bytes held (WHOLE, PARTIAL) over the 4096 bytes at {@code offset} of {@code page}. */
    public void copyInto(int index, ByteBuffer page, int offset) {
        throw Checks.unreachable("being written");
    }

    /** Notes where the consistency point has put the block at {@code index}. */
    public void stored(int index, long address, int checksum) {
        throw Checks.unreachable("being written");
    }

    /** Where it was put, 0 if nowhere. */
    public long address(int index) {
        throw Checks.unreachable("being written");
    }

    /** CRC32C of the whole block as it was put there. */
    public int checksum(int index) {
        throw Checks.unreachable("being written");
    }

    /** Number of zero ranges: ascending, disjoint; the blocks above are newer where they overlap. */
    public int zeroRanges() {
        throw Checks.unreachable("being written");
    }

    /** First block of zero range {@code index}. */
    public long zeroFirst(int index) {
        throw Checks.unreachable("being written");
    }

    /** Block after the last of zero range {@code index}. */
    public long zeroEnd(int index) {
        throw Checks.unreachable("being written");
    }
}
