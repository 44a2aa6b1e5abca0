package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a memory log's region is divided, and its header. It holds no entries.
 *
 * <pre>
 *  at size  little endian
 *   0    8  magic HFMEMLG1
 *   8    4  CRC32C of bytes 0..4095, this field as 0
 *  12    4  version, 1
 *  16   16  pool id, upper half first
 *  32   16  boot id, upper half first
 *  48    8  open counter
 *  56    4  lane
 *  60    4  lanes of the pool when it was labelled
 *  64    4  D: descriptors, a power of two
 *  68    4  S: slots
 *  72       reserved, 0
 * 4096      D descriptors of 64 bytes; entry n is at index n mod D
 * page      S slots of 4096 bytes
 * </pre>
 *
 * @param descriptors D
 * @param slots S
 */
record MemoryLayout(int descriptors, int slots) {
    static final long MAGIC = magic("HFMEMLG1");
    static final int VERSION = 1;
    private static final int PAGE = Entry.SLOT_BYTES;
    private static final int PER_PAGE = PAGE / Entry.BYTES;
    private static final int CHECKSUM_AT = 8;

    /** The division that a region of this length has: about one descriptor per slot. */
    static MemoryLayout of(int lengthBytes) {
        int pages = lengthBytes / PAGE;
        Checks.that(lengthBytes % PAGE == 0 && pages >= MemoryLog.MIN_REGION_BYTES / PAGE, "room for a log", pages);
        int descriptors = Math.max(PER_PAGE, Integer.highestOneBit(pages));
        return new MemoryLayout(descriptors, pages - 1 - descriptors / PER_PAGE);
    }

    /** True when a header could say this of a region of that length. */
    boolean fits(int lengthBytes) {
        boolean counted = descriptors >= PER_PAGE && Integer.bitCount(descriptors) == 1 && slots > 0;
        return counted && PAGE + (long) descriptors * Entry.BYTES + (long) slots * PAGE <= lengthBytes;
    }

    /** Where the slots begin. */
    int slotsAt() {
        return PAGE + descriptors * Entry.BYTES;
    }

    /** The descriptors of a region, as a buffer of the caller's own. */
    ByteBuffer descriptorsOf(ByteBuffer region) {
        return region.slice(PAGE, descriptors * Entry.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The slots of a region, as a buffer of the caller's own. */
    ByteBuffer slotsOf(ByteBuffer region) {
        return region.slice(slotsAt(), slots * PAGE).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Makes the region an empty log. Whatever was in it is unrecognisable before the new header is. */
    void label(ByteBuffer region, LogIdentity identity, int lane, int lanes) {
        Checks.that(fits(region.capacity()), "the log fits into its region", region.capacity(), slots);
        ByteBuffer bytes = region.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        zero(bytes, 0, PAGE);
        VarHandle.releaseFence();
        zero(bytes, PAGE, slotsAt());
        VarHandle.releaseFence();
        bytes.putLong(0, MAGIC).putInt(12, VERSION);
        bytes.putLong(16, identity.poolIdHigh()).putLong(24, identity.poolIdLow());
        bytes.putLong(32, identity.bootIdHigh()).putLong(40, identity.bootIdLow());
        bytes.putLong(48, identity.openCounter()).putInt(56, lane).putInt(60, lanes);
        bytes.putInt(64, descriptors).putInt(68, slots);
        bytes.putInt(CHECKSUM_AT, headerChecksum(bytes));
        VarHandle.releaseFence();
    }

    static int headerChecksum(ByteBuffer bytes) {
        return new Crc32c().ofWithoutField(bytes, 0, PAGE, CHECKSUM_AT);
    }

    static boolean headerChecksumHolds(ByteBuffer bytes) {
        return bytes.getInt(CHECKSUM_AT) == headerChecksum(bytes);
    }

    private static void zero(ByteBuffer bytes, int from, int to) {
        for (int at = from; at < to; at += Long.BYTES) {
            bytes.putLong(at, 0);
        }
    }

    /** Eight letters as the little-endian number that stores them in order. */
    static long magic(String letters) {
        Checks.that(letters.length() == Long.BYTES, "a magic has eight letters");
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value |= (long) letters.charAt(i) << (8 * i);
        }
        return value;
    }
}
