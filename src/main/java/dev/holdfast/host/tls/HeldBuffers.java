package dev.holdfast.host.tls;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Direct buffers for what transports hold, used again and again: strangers that come and go leave no memory behind that
 * waits for a collector. May be used by any thread.
 */
final class HeldBuffers {
    /** Length of each. */
    static final int BYTES = 64 << 10;

    private static final int MOST_KEPT = 128;

    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

    /** An empty one. */
    synchronized ByteBuffer take() {
        ByteBuffer kept = free.pollLast();
        return kept == null ? ByteBuffer.allocateDirect(BYTES) : kept.clear();
    }

    /** Nobody uses {@code buffer} any more. */
    synchronized void giveBack(ByteBuffer buffer) {
        if (free.size() < MOST_KEPT) {
            free.addLast(buffer);
        }
    }
}
