package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Connection;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Direct buffers that the connections of one loop borrow while they hold bytes, last returned first, so that the
 * buffer in use is the one in the processor's cache. Not shared between loops; a chunk may be returned to another
 * loop's pool than the one it came from.
 */
final class BufferPool {
    /** The smallest chunk. */
    static final int CHUNK_BYTES = 64 << 10;

    /** What one loop keeps for later; more is left to the collector. */
    private static final long KEPT_BYTES = 64L << 20;

    private static final int SMALLEST_SHIFT = 16;
    private static final int LARGEST_SHIFT = 21;

    private final List<ArrayDeque<Chunk>> free = new ArrayList<>();
    private long keptBytes;

    BufferPool() {
        Checks.that(Connection.RECEIVE_BYTES <= 1 << LARGEST_SHIFT, "the largest chunk takes a full receive buffer");
        Checks.that(Connection.RESERVE_BYTES <= 1 << LARGEST_SHIFT, "the largest chunk takes the largest reserve");
        for (int shift = SMALLEST_SHIFT; shift <= LARGEST_SHIFT; shift++) {
            free.add(new ArrayDeque<>());
        }
    }

    /** An empty chunk of at least {@code lengthBytes}. */
    Chunk borrow(int lengthBytes) {
        int shift = shiftOf(lengthBytes);
        Chunk kept = free.get(shift - SMALLEST_SHIFT).pollLast();
        if (kept == null) {
            return new Chunk(ByteBuffer.allocateDirect(1 << shift));
        }
        keptBytes -= kept.capacityBytes();
        kept.clear();
        return kept;
    }

    /** Takes a chunk back. */
    void giveBack(Chunk chunk) {
        if (keptBytes + chunk.capacityBytes() <= KEPT_BYTES) {
            keptBytes += chunk.capacityBytes();
            free.get(shiftOf(chunk.capacityBytes()) - SMALLEST_SHIFT).addLast(chunk);
        }
    }

    private static int shiftOf(int lengthBytes) {
        int shift = Math.max(SMALLEST_SHIFT, Integer.SIZE - Integer.numberOfLeadingZeros(lengthBytes - 1));
        Checks.that(shift <= LARGEST_SHIFT, "a chunk can be that long", lengthBytes);
        return shift;
    }

    /** One buffer seen twice: {@code fill} is where bytes go in, {@code drain} is what has not gone out. */
    record Chunk(ByteBuffer fill, ByteBuffer drain) {
        Chunk(ByteBuffer memory) {
            this(memory, memory.duplicate());
            clear();
        }

        int capacityBytes() {
            return fill.capacity();
        }

        void clear() {
            fill.clear();
            drain.position(0).limit(0);
        }
    }
}
