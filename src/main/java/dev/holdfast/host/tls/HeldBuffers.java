package dev.holdfast.host.tls;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Buffers for what transports hold, used again and again, so that strangers that come and go leave no memory behind.
 * They are on the heap: the JDK's ciphers copy what is not, in pieces that they allocate. May be used by any thread.
 */
final class HeldBuffers {
    /** Length of each. */
    static final int BYTES = 64 << 10;

    private static final int MOST_KEPT = 128;

    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

    /** An empty one. */
    synchronized ByteBuffer take() {
        ByteBuffer kept = free.pollLast();
        return kept == null ? ByteBuffer.allocate(BYTES) : kept.clear();
    }

    /** Nobody uses {@code buffer} any more. */
    synchronized void giveBack(ByteBuffer buffer) {
        if (free.size() < MOST_KEPT) {
            free.addLast(buffer);
        }
    }
}
