package dev.holdfast.follow;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import java.nio.ByteBuffer;

/**
 * Buffers for the bytes of WRITEs, in sizes of powers of two, used again and again. All of them together, used and
 * idle, never have more than the bytes it was given.
 */
final class KeptSpace {
    static final int LARGEST_BYTES = BlockVolume.MAX_TRANSFER_BYTES;

    private static final int SMALLEST_BITS = 12;
    private static final int CLASSES = Integer.numberOfTrailingZeros(LARGEST_BYTES) - SMALLEST_BITS + 1;

    private final long mostBytes;
    private final ByteBuffer[][] idle = new ByteBuffer[CLASSES][16];
    private final int[] idleCounts = new int[CLASSES];
    private long usedBytes;
    private long idleBytes;

    KeptSpace(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** True if {@code lengthBytes} bytes can be kept now. */
    boolean has(int lengthBytes) {
        return lengthBytes == 0 || usedBytes + bytesOf(classOf(lengthBytes)) <= mostBytes;
    }

    /** A buffer with room for {@code lengthBytes}, which there is; its bytes are whatever they are. */
    ByteBuffer take(int lengthBytes) {
        int at = classOf(lengthBytes);
        int bytes = bytesOf(at);
        Checks.that(has(lengthBytes), "there is room for what is kept", usedBytes, lengthBytes);
        usedBytes += bytes;
        if (idleCounts[at] > 0) {
            idleBytes -= bytes;
            return idle[at][--idleCounts[at]].clear();
        }
        for (int other = CLASSES - 1; other >= 0 && usedBytes + idleBytes > mostBytes; other--) {
            forget(other);
        }
        return ByteBuffer.allocateDirect(bytes);
    }

    /** {@code buffer} is not used any more. */
    void give(ByteBuffer buffer) {
        int at = classOf(buffer.capacity());
        Checks.that(buffer.capacity() == bytesOf(at), "what comes back was taken here", buffer.capacity());
        usedBytes -= buffer.capacity();
        Checks.that(usedBytes >= 0, "what comes back was taken", usedBytes);
        idleBytes += buffer.capacity();
        if (idleCounts[at] == idle[at].length) {
            idle[at] = java.util.Arrays.copyOf(idle[at], 2 * idleCounts[at]);
        }
        idle[at][idleCounts[at]++] = buffer;
    }

    private void forget(int at) {
        while (idleCounts[at] > 0 && usedBytes + idleBytes > mostBytes) {
            idleCounts[at]--;
            idle[at][idleCounts[at]] = ByteBuffer.allocate(0);
            idleBytes -= bytesOf(at);
        }
    }

    private static int bytesOf(int at) {
        return 1 << SMALLEST_BITS + at;
    }

    private static int classOf(int lengthBytes) {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(lengthBytes, 1) - 1);
        return Math.max(bits, SMALLEST_BITS) - SMALLEST_BITS;
    }
}
