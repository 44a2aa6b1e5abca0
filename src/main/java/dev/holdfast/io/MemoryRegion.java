package dev.holdfast.io;

import java.nio.ByteBuffer;

/** One mapped region of {@link SharedMemory}. */
public interface MemoryRegion extends AutoCloseable {
    /** The whole region: direct, 4096-aligned, little endian. The same buffer every time. */
    ByteBuffer bytes();

    /** True if the region was created by this open and so holds nothing of an earlier process. */
    boolean isNew();

    /** False when the name no longer leads to this memory, so the next process would not find it. May be slow. */
    boolean isLinked();

    /** Unmaps and unlocks; the contents stay. */
    @Override
    void close();
}
