package dev.holdfast.sim.shard;

import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import java.nio.ByteBuffer;

/**
 * A range of the volume that clients write whole, with one value in every eight bytes, and read whole.
 *
 * @param offset in bytes
 * @param lengthBytes a multiple of eight
 */
record Register(long offset, int lengthBytes) {
    static final long VOLUME_BYTES = 1 << 20;

    /** No bytes. */
    static final Register NONE = new Register(0, 0);

    /** The whole volume. */
    static final Register ALL = new Register(0, (int) VOLUME_BYTES);

    /** Whole blocks, several, parts of one block, a range across blocks, the last bytes. */
    private static final Register[] PLACES = {
        new Register(0, 4096),
        new Register(4096, 12288),
        new Register(20480, 512),
        new Register(20992, 3072),
        new Register(40960 + 96, 8000),
        new Register(VOLUME_BYTES - 4096, 4096)
    };

    static Register of(int number) {
        return PLACES[number];
    }

    /** Some range that is no part of any register; up to {@code times} 32,000 bytes. */
    static Register scratch(SimRandom random, int times) {
        int length = 8 * (1 + random.below(times * (random.oneIn(3) ? 4000 : 100)));
        return new Register(VOLUME_BYTES / 2 + 8L * random.below(20_000), length);
    }

    /** Its bytes when {@code value} was written. */
    ByteBuffer filled(long value) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(lengthBytes);
        while (bytes.hasRemaining()) {
            bytes.putLong(value);
        }
        return bytes.flip();
    }

    /** The value that a whole block of a register has, or 0: {@code page} is none. Values are counted from 1. */
    static long valueOfBlock(byte[] page) {
        ByteBuffer bytes = ByteBuffer.wrap(page);
        long value = bytes.getLong(0);
        boolean isBlock = value > 0 && value <= Integer.MAX_VALUE;
        for (int at = 0; at < page.length && isBlock; at += Long.BYTES) {
            isBlock = bytes.getLong(at) == value;
        }
        return isBlock ? value : 0;
    }

    /** The value that {@code bytes} have from their start. */
    long value(ByteBuffer bytes) {
        long value = bytes.getLong(0);
        for (int at = 0; at < lengthBytes; at += Long.BYTES) {
            if (bytes.getLong(at) != value) {
                throw new OracleViolation("a write is seen in part: " + value + " and " + bytes.getLong(at));
            }
        }
        return value;
    }
}
