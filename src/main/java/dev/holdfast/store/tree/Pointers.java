package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Block pointers where they lie, in node bytes: the codec of 32 bytes, without objects. Not a check of what a pointer
 * means; {@link TreeVerifier} does that.
 *
 * <pre>
 * at  size  little endian
 *  0   8    address of the block in the array's data area; 0 when there is none
 *  8   8    birth: the consistency point that wrote it
 * 16   4    CRC32C of the 4096 bytes
 * 20   1    flags: 1 present, 2 unreadable (then no address, checksum or used blocks)
 * 21   1    length class, 0 = 4096 bytes
 * 22   2    branch, 0 for now
 * 24   8    used: 1 for a data block; for a node the data blocks present beneath it
 * </pre>
 *
 * All zero is a hole. Every buffer is in {@link ByteOrder#LITTLE_ENDIAN} order.
 */
public final class Pointers {
    /** Bytes of one pointer. */
    public static final int SIZE = 32;

    /** Bytes of a block: node, data, bitmap or list. */
    public static final int BLOCK_BYTES = 4096;

    /** Pointers in a node. */
    public static final int FAN_OUT = 128;

    /** Bits of a block number that one level of nodes resolves. */
    public static final int FAN_OUT_BITS = 7;

    /** Flag: the pointer names a block. */
    public static final byte PRESENT = 1;

    /** Flag: a recorded error, here or in all blocks beneath; reading one fails until it is overwritten whole. */
    public static final byte UNREADABLE = 2;

    static final int AT_BIRTH = 8;
    static final int AT_CHECKSUM = 16;
    static final int AT_FLAGS = 20;
    static final int AT_LENGTH_CLASS = 21;
    static final int AT_BRANCH = 22;
    static final int AT_USED = 24;

    private Pointers() {}

    /**
     * Offset in a node's bytes of the pointer on the way to {@code block}; {@code level} 1 is a node of data blocks.
     */
    static int offset(long block, int level) {
        return (int) (block >>> FAN_OUT_BITS * (level - 1) & FAN_OUT - 1) * SIZE;
    }

    /** Blocks beneath one pointer in a node at {@code level}, or beneath the root pointer of an object that high. */
    static long span(int level) {
        return 1L << FAN_OUT_BITS * (level - 1);
    }

    /** Address in the array's data area of the pointer at {@code at}; 0 when it names no block. */
    public static long address(ByteBuffer bytes, int at) {
        return bytes.getLong(at);
    }

    /** Consistency point that wrote the block. */
    public static long birth(ByteBuffer bytes, int at) {
        return bytes.getLong(at + AT_BIRTH);
    }

    /** CRC32C of the block. */
    public static int checksum(ByteBuffer bytes, int at) {
        return bytes.getInt(at + AT_CHECKSUM);
    }

    /** {@link #PRESENT}, {@link #UNREADABLE}, or 0 for a hole. */
    public static byte flags(ByteBuffer bytes, int at) {
        return bytes.get(at + AT_FLAGS);
    }

    /** Data blocks present at or beneath the pointer. */
    public static long used(ByteBuffer bytes, int at) {
        return bytes.getLong(at + AT_USED);
    }

    /** Whether nothing is there: the block reads as zeroes. */
    public static boolean isHole(ByteBuffer bytes, int at) {
        return flags(bytes, at) == 0;
    }

    /** Whether a block is there. */
    static boolean isPresent(ByteBuffer bytes, int at) {
        return flags(bytes, at) == PRESENT;
    }

    /** Writes the pointer of a block that is present. */
    static void set(ByteBuffer bytes, int at, long address, long birth, int checksum, long used) {
        Checks.that(address != 0 && birth > 0, "a present block has an address and a birth", address, birth);
        put(bytes, at, address, birth, checksum, PRESENT, used);
    }

    /** Writes a recorded error. */
    public static void setUnreadable(ByteBuffer bytes, int at, long birth) {
        put(bytes, at, 0, birth, 0, UNREADABLE, 0);
    }

    /** Writes a node beneath which all is a recorded error. */
    static void setAllUnreadable(ByteBuffer bytes, int offset, long birth) {
        for (int at = offset; at < offset + BLOCK_BYTES; at += SIZE) {
            setUnreadable(bytes, at, birth);
        }
    }

    /** Writes a hole. */
    static void clear(ByteBuffer bytes, int at) {
        put(bytes, at, 0, 0, 0, (byte) 0, 0);
    }

    static void put(ByteBuffer bytes, int at, long address, long birth, int checksum, byte flags, long used) {
        bytes.putLong(at, address);
        bytes.putLong(at + AT_BIRTH, birth);
        bytes.putLong(at + AT_CHECKSUM, checksum & 0xFFFF_FFFFL | (long) flags << 32);
        bytes.putLong(at + AT_USED, used);
    }

    /** Copies one pointer. */
    static void copy(ByteBuffer from, int fromAt, ByteBuffer to, int toAt) {
        to.put(toAt, from, fromAt, SIZE);
    }

    /** Whether two pointers are the same 32 bytes. */
    static boolean same(ByteBuffer one, int oneAt, ByteBuffer two, int twoAt) {
        return one.getLong(oneAt) == two.getLong(twoAt)
                && one.getLong(oneAt + AT_BIRTH) == two.getLong(twoAt + AT_BIRTH)
                && one.getLong(oneAt + AT_CHECKSUM) == two.getLong(twoAt + AT_CHECKSUM);
    }

    /** The buffer itself, after a check that absolute reads of it are little endian. */
    static ByteBuffer littleEndian(ByteBuffer bytes) {
        Checks.that(bytes.order() == ByteOrder.LITTLE_ENDIAN, "node bytes are little endian");
        return bytes;
    }
}
