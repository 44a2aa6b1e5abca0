package dev.holdfast.block;

import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;

/**
 * One open disk as front ends see it. Any byte offset and length inside the disk is served. Every call only on
 * {@link #loop}. Two requests that overlap while both are under way have no order; one submitted after another has
 * completed sees its effect.
 */
public interface BlockVolume {
    /** The longest READ or WRITE; front ends split longer ones at multiples of 4096. */
    int MAX_TRANSFER_BYTES = 1 << 20;

    /** The loop this disk lives on. */
    Loop loop();

    /** Present size in bytes. */
    long sizeBytes();

    /** True if it takes no changes. */
    boolean isReadOnly();

    /**
     * True if a WRITE of {@code lengthBytes} would be taken now. While it is false the front end keeps the bytes where
     * they are (stops receiving) and asks to be called by {@link #whenRoom}: this is how memory stays bounded.
     */
    boolean hasRoom(int lengthBytes);

    /** Runs {@code task} once, in a later turn, when there may be room again. */
    void whenRoom(Runnable task);

    /** Starts any request but WRITE. It may complete before this call returns. */
    void submit(Request request);

    /**
     * Starts a WRITE. Exactly {@code request.lengthBytes} bytes are taken from {@code data} before this returns, moving
     * its position. Only after {@link #hasRoom} said yes in the same turn.
     */
    void submitWrite(Request request, ByteBuffer data);
}
