package dev.holdfast.store.tree;

import java.nio.ByteBuffer;

/** Takes blocks that are to be written. */
@FunctionalInterface
public interface BlockSink {
    /** Copies the 4096 bytes at {@code offset} of {@code bytes} within this call; they go to {@code address}. */
    void write(long address, ByteBuffer bytes, int offset);
}
