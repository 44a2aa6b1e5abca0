package dev.holdfast.sim.oracle;

import dev.holdfast.io.Disk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Bytes that name the change that wrote them and the place they were written to: no two changes and no two blocks
 * share eight of them in a row. It is no checksum.
 */
public final class Pattern {
    private static final int BLOCK_BYTES = Disk.BLOCK_BYTES;

    private static final long STEP = 0x2545F4914F6CDD1DL;

    private Pattern() {}

    /** The bytes that change {@code id} writes to [offset, offset + count), put into {@code into} at its position. */
    public static void put(long id, long offset, int count, ByteBuffer into) {
        for (int done = 0; done < count; ) {
            byte[] block = new byte[BLOCK_BYTES];
            long at = offset + done;
            int from = (int) (at % BLOCK_BYTES);
            int length = Math.min(count - done, BLOCK_BYTES - from);
            fill(id, at / BLOCK_BYTES, from, from + length, block);
            into.put(block, from, length);
            done += length;
        }
    }

    /** Puts the bytes that change {@code id} writes to [from, to) of {@code block} into {@code bytes}. */
    static void fill(long id, long block, int from, int to, byte[] bytes) {
        long key = (id * 0x9E3779B97F4A7C15L) ^ (block * 0xD1B54A32D192ED03L);
        ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int at = from;
        while (at < to) {
            long word = key + (at >>> 3) * STEP;
            if ((at & 7) == 0 && at + 8 <= to) {
                words.putLong(at, word);
                at += 8;
            } else {
                bytes[at] = (byte) (word >>> ((at & 7) << 3));
                at++;
            }
        }
    }

    /** True if {@code bytes} holds at [from, to) what change {@code id} writes there. */
    static boolean isAt(long id, long block, int from, int to, byte[] bytes) {
        byte[] expected = new byte[bytes.length];
        fill(id, block, from, to, expected);
        return Arrays.equals(bytes, from, to, expected, from, to);
    }

    /** True if one change wrote the whole block {@code bytes}, whichever that was. */
    public static boolean isWhole(byte[] bytes) {
        ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = Long.BYTES; at < BLOCK_BYTES; at += Long.BYTES) {
            if (words.getLong(at) - words.getLong(at - Long.BYTES) != STEP) {
                return false;
            }
        }
        return true;
    }
}
