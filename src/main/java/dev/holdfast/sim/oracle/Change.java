package dev.holdfast.sim.oracle;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * One change as its client sent it: a write of its {@link Pattern}, or zeroes for a trim or a zeroing.
 *
 * @param id unique among all changes of an oracle, ascending in order of submission, from 1
 * @param offset first byte
 * @param lengthBytes length of the range
 * @param zeroes true if the range reads as zeroes afterwards
 */
public record Change(long id, long offset, long lengthBytes, boolean zeroes) {
    private static final long WIDE_BYTES = 4 << 20;

    /** The byte after the last. */
    public long end() {
        return offset + lengthBytes;
    }

    /** True for a change so long that it is only applied to blocks that were changed before: all others are zeroes. */
    boolean isWide() {
        return zeroes && lengthBytes > WIDE_BYTES;
    }

    /** Puts the bytes of a write into {@code into}. */
    public void putBytes(ByteBuffer into) {
        Pattern.put(id, offset, (int) lengthBytes, into);
    }

    /** What {@code block} holds after this change, if it held {@code before}; shares nothing with it. */
    byte[] appliedTo(byte[] before, long block) {
        long blockStart = block * before.length;
        int from = (int) Math.max(0, offset - blockStart);
        int to = (int) Math.min(before.length, end() - blockStart);
        byte[] after = before.clone();
        if (zeroes) {
            Arrays.fill(after, from, to, (byte) 0);
        } else {
            Pattern.fill(id, block, from, to, after);
        }
        return after;
    }

    /** True if nothing of what {@code block} held before is left. */
    boolean coversBlock(long block, int blockBytes) {
        return offset <= block * blockBytes && end() >= (block + 1) * blockBytes;
    }
}
