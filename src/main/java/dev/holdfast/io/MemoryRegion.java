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

    /** Like {@link #close}, and nothing is left of it: for a region that holds nothing any more. */
    void remove();

    /**
     * Like {@link #close}, and what it holds stays under another name, which is returned: for a region that holds
     * something its opener does not know. The next open of its own name makes a new one.
     *
     * @throws WorldException if there is no other name for it; the region stays open
     */
    String setAside() throws WorldException;

    /** Unmaps and unlocks; the contents stay. */
    @Override
    void close();
}
