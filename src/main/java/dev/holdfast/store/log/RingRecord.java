package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import java.nio.ByteBuffer;

/**
 * The header of one record in the ring, written and recognised where it lies. It does not look at payloads.
 *
 * <pre>
 *  at size  little endian
 *   0    8  magic HFRECRD1
 *   8    4  CRC32C of the header and descriptor area, this field as 0
 *  12    4  descriptor count N
 *  16   16  pool id, upper half first
 *  32    8  open counter
 *  40    8  cp of the root it follows
 *  48    8  record number
 *  56    8  logical position of this record
 *  64    4  bytes of header and descriptor area, multiple of 4096
 *  68    4  bytes of payload area, multiple of 4096
 *  72   56  reserved, 0
 * 128 64 N  descriptors
 *           zeroes up to the next multiple of 4096, then the slots of the entries in order of the descriptors
 * </pre>
 */
public final class RingRecord {
    static final long MAGIC = MemoryLayout.magic("HFRECRD1");
    static final int HEADER_BYTES = 128;

    /** Most entries in one record. */
    static final int MAX_ENTRIES = 2048;

    /** The longest header and descriptor area. */
    static final int MAX_AREA_BYTES = areaBytes(MAX_ENTRIES);

    /** The shortest ring: every quarter holds a record of one entry with some payload. */
    public static final int MIN_RING_BYTES = 16 * Entry.SLOT_BYTES;

    private static final int MAX_RECORD_BYTES = 4 << 20;
    private static final int CHECKSUM_AT = 8;

    private RingRecord() {}

    /** The longest record in a ring of that length: 4 MiB or a quarter of it. */
    public static int maxRecordBytes(long logBytes) {
        long quarter = logBytes / 4 / Entry.SLOT_BYTES * Entry.SLOT_BYTES;
        return (int) Math.min(MAX_RECORD_BYTES, quarter);
    }

    /** The longest payload that such a ring takes, wherever in its block it starts. */
    public static int maxPayloadBytes(long logBytes) {
        return Math.min(Entry.MAX_PAYLOAD_BYTES, maxRecordBytes(logBytes) - 2 * Entry.SLOT_BYTES);
    }

    static int areaBytes(int entries) {
        int used = HEADER_BYTES + entries * Entry.BYTES;
        return (used + Entry.SLOT_BYTES - 1) / Entry.SLOT_BYTES * Entry.SLOT_BYTES;
    }

    /** Completes the header over descriptors that are in place; everything else in the area is zeroed here. */
    static void seal(ByteBuffer area, RingStart place, long rootCp, int entries, int payloadSlots, Crc32c crc) {
        Checks.that(entries > 0 && entries <= MAX_ENTRIES, "a record has entries", entries);
        Checks.that(payloadSlots >= 0 && payloadSlots < MAX_RECORD_BYTES / Entry.SLOT_BYTES, "bounded", payloadSlots);
        int bytes = areaBytes(entries);
        for (int at = 72; at < HEADER_BYTES; at += Long.BYTES) {
            area.putLong(at, 0);
        }
        for (int at = HEADER_BYTES + entries * Entry.BYTES; at < bytes; at += Long.BYTES) {
            area.putLong(at, 0);
        }
        area.putLong(0, MAGIC).putInt(12, entries);
        area.putLong(16, place.poolIdHigh()).putLong(24, place.poolIdLow()).putLong(32, place.openCounter());
        area.putLong(40, rootCp).putLong(48, place.number()).putLong(56, place.position());
        area.putInt(64, bytes).putInt(68, payloadSlots * Entry.SLOT_BYTES);
        area.putInt(CHECKSUM_AT, crc.ofWithoutField(area, 0, bytes, CHECKSUM_AT));
    }

    static int entries(ByteBuffer area, int at) {
        return area.getInt(at + 12);
    }

    static long number(ByteBuffer area, int at) {
        return area.getLong(at + 48);
    }

    static long position(ByteBuffer area, int at) {
        return area.getLong(at + 56);
    }

    static int areaBytes(ByteBuffer area, int at) {
        return area.getInt(at + 64);
    }

    static int payloadBytes(ByteBuffer area, int at) {
        return area.getInt(at + 68);
    }

    /**
     * Whether a record of this pool and open counter, placed at {@code position}, begins at {@code at}; its number is
     * for the caller to judge. Whatever the bytes are, this costs at most one checksum over the area.
     *
     * @param available bytes from {@code at} on that may be looked at, and that the whole area must fit in
     * @param roomBytes bytes from the record's place to the end of the region, which the whole record must fit in
     */
    static boolean isHere(
            ByteBuffer area, int at, int available, RingStart whose, long position, long roomBytes, Crc32c crc) {
        if (available < HEADER_BYTES || !claimsToBeHere(area, at, whose, position)) {
            return false;
        }
        int entries = entries(area, at);
        int areaBytes = areaBytes(area, at);
        int payloadBytes = payloadBytes(area, at);
        boolean sized = entries > 0
                && entries <= MAX_ENTRIES
                && areaBytes == areaBytes(entries)
                && areaBytes <= available
                && payloadBytes >= 0
                && payloadBytes <= MAX_RECORD_BYTES
                && areaBytes + (long) payloadBytes <= roomBytes;
        return sized
                && area.getInt(at + CHECKSUM_AT) == crc.ofWithoutField(area, at, areaBytes, at + CHECKSUM_AT)
                && descriptorsAreSound(area, at, entries, payloadBytes);
    }

    /** Whether the fields that name a record say so, without any checksum. */
    static boolean claimsToBeHere(ByteBuffer area, int at, RingStart whose, long position) {
        return area.getLong(at) == MAGIC
                && area.getLong(at + 16) == whose.poolIdHigh()
                && area.getLong(at + 24) == whose.poolIdLow()
                && area.getLong(at + 32) == whose.openCounter()
                && area.getLong(at + 56) == position
                && number(area, at) >= whose.number();
    }

    private static boolean descriptorsAreSound(ByteBuffer area, int at, int entries, int payloadBytes) {
        long slots = 0;
        for (int i = 0; i < entries; i++) {
            int descriptor = at + HEADER_BYTES + i * Entry.BYTES;
            if (!Entry.isSound(area, descriptor)) {
                return false;
            }
            slots += Entry.slots(area, descriptor);
        }
        return slots * Entry.SLOT_BYTES == payloadBytes;
    }
}
