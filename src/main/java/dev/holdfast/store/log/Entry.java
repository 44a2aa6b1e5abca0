package dev.holdfast.store.log;

import dev.holdfast.base.Crc32c;
import java.nio.ByteBuffer;

/**
 * The 64 bytes that describe one change, read and written where they lie: in a memory log or in a ring record. It is
 * neither an object per entry nor the payload.
 *
 * <pre>
 *  at size  little endian
 *   0    4  CRC32C of bytes 4..63
 *   4    1  kind, see {@link EntryKind}
 *   5    1  flags: 1 FUA, 2 keep allocated, 4 mirrored (of a shard that begins)
 *   6    2  reserved, 0
 *   8    8  number in its memory log
 *  16    8  seq in its shard, from 1; 0 of a rewind
 *  24    4  epoch
 *  28    4  shard id
 *  32    8  offset in bytes (snapshot kinds: snapshot id; rewind: the last seq that stays)
 *  40    8  length in bytes of the range (write: = payload length)
 *  48    4  first slot (means nothing in a ring record)
 *  52    4  slots used by the payload, 0 if none
 *  56    4  CRC32C of the payload bytes
 *  60    4  payload length in bytes
 * </pre>
 *
 * <p>Every accessor takes a little-endian buffer and the absolute index of the descriptor.
 */
public final class Entry {
    /** Length of a descriptor. */
    public static final int BYTES = 64;

    /** Length of a slot: payloads lie in whole slots. */
    public static final int SLOT_BYTES = 4096;

    /** The longest payload of a write. A memory log or ring that is small allows less. */
    public static final int MAX_PAYLOAD_BYTES = 1 << 20;

    /** The longest payload of any other kind. */
    public static final int MAX_CONTROL_BYTES = 4096;

    /** Flag: the host asked that this is on stable storage before it is answered. */
    public static final int FUA = 1;

    /** Flag: zeroes that stay allocated. */
    public static final int KEEP_ALLOCATED = 2;

    /** Flag of CREATE_SHARD: the shard has replicas elsewhere, or may have. */
    public static final int MIRRORED = 4;

    /** Most slots one payload takes. */
    static final int MAX_SLOTS = MAX_PAYLOAD_BYTES / SLOT_BYTES + 1;

    private Entry() {}

    /** What it changes. Only of a sound descriptor. */
    public static EntryKind kind(ByteBuffer bytes, int at) {
        return EntryKind.of(bytes.get(at + 4));
    }

    /** {@link #FUA}, {@link #KEEP_ALLOCATED}. */
    public static int flags(ByteBuffer bytes, int at) {
        return bytes.get(at + 5) & 0xFF;
    }

    /** Number in its memory log. */
    public static long number(ByteBuffer bytes, int at) {
        return bytes.getLong(at + 8);
    }

    /** Number in its shard. */
    public static long seq(ByteBuffer bytes, int at) {
        return bytes.getLong(at + 16);
    }

    /** Epoch it was numbered in. */
    public static int epoch(ByteBuffer bytes, int at) {
        return bytes.getInt(at + 24);
    }

    /** Shard it changes. */
    public static int shard(ByteBuffer bytes, int at) {
        return bytes.getInt(at + 28);
    }

    /** First byte of the range, or a snapshot's id. */
    public static long offset(ByteBuffer bytes, int at) {
        return bytes.getLong(at + 32);
    }

    /** Bytes of the range. */
    public static long length(ByteBuffer bytes, int at) {
        return bytes.getLong(at + 40);
    }

    /** Where its payload begins in the memory log. */
    public static int firstSlot(ByteBuffer bytes, int at) {
        return bytes.getInt(at + 48);
    }

    /** Slots its payload touches. */
    public static int slots(ByteBuffer bytes, int at) {
        return bytes.getInt(at + 52);
    }

    /** CRC32C of the payload. */
    public static int payloadChecksum(ByteBuffer bytes, int at) {
        return bytes.getInt(at + 56);
    }

    /** Bytes of the payload. */
    public static int payloadLength(ByteBuffer bytes, int at) {
        return bytes.getInt(at + 60);
    }

    /** Where in its first slot the payload begins: writes lie as in the volume, everything else at byte 0. */
    public static int payloadStart(ByteBuffer bytes, int at) {
        return startInSlot(kind(bytes, at), offset(bytes, at));
    }

    static int startInSlot(EntryKind kind, long offset) {
        return kind == EntryKind.WRITE ? (int) (offset & (SLOT_BYTES - 1)) : 0;
    }

    static int slotsFor(int startInSlot, int payloadLength) {
        return payloadLength == 0 ? 0 : (startInSlot + payloadLength + SLOT_BYTES - 1) / SLOT_BYTES;
    }

    static void putIdentity(ByteBuffer bytes, int at, EntryKind kind, int flags) {
        bytes.put(at + 4, kind.code()).put(at + 5, (byte) flags).putShort(at + 6, (short) 0);
    }

    static void putPlace(ByteBuffer bytes, int at, int shard, int epoch, long seq) {
        bytes.putLong(at + 16, seq).putInt(at + 24, epoch).putInt(at + 28, shard);
    }

    static void putRange(ByteBuffer bytes, int at, long offset, long length) {
        bytes.putLong(at + 32, offset).putLong(at + 40, length);
    }

    static void putPayload(ByteBuffer bytes, int at, int firstSlot, int slots, int checksum, int length) {
        bytes.putInt(at + 48, firstSlot).putInt(at + 52, slots).putInt(at + 56, checksum);
        bytes.putInt(at + 60, length);
    }

    /** Completes a descriptor: from here on it is recognised. */
    static void seal(ByteBuffer bytes, int at, long number, Crc32c crc) {
        bytes.putLong(at + 8, number);
        bytes.putInt(at, crc.of(bytes, at + 4, BYTES - 4));
    }

    static boolean checksumHolds(ByteBuffer bytes, int at, Crc32c crc) {
        return bytes.getInt(at) == crc.of(bytes, at + 4, BYTES - 4);
    }

    /**
     * Whether every field, whoever wrote it, is within its bounds and agrees with the others. No checksum is looked at.
     */
    static boolean isSound(ByteBuffer bytes, int at) {
        EntryKind kind = EntryKind.ofCode(bytes.get(at + 4));
        if (kind == null || bytes.getShort(at + 6) != 0 || (flags(bytes, at) & ~flagsOf(kind)) != 0) {
            return false;
        }
        long offset = offset(bytes, at);
        long length = length(bytes, at);
        boolean numbered = number(bytes, at) >= 0
                && number(bytes, at) < Long.MAX_VALUE
                && isSeqSound(bytes, at, kind)
                && epoch(bytes, at) >= 0
                && shard(bytes, at) >= 0;
        return numbered && isRangeSound(offset, length) && isPayloadSound(bytes, at, kind, offset, length);
    }

    /**
     * Whether these fields, wherever they come from, can be those of a change: its kind is known and its flags are that
     * kind's, its range ends, and its payload is as long as the kind has it. What the shard is like is not known here.
     *
     * @param code of an {@link EntryKind}
     * @param payloadBytes length of the payload
     */
    public static boolean isSoundChange(byte code, int flags, long offset, long length, int payloadBytes) {
        EntryKind kind = EntryKind.ofCode(code);
        return kind != null
                && kind != EntryKind.REWIND
                && (flags & ~flagsOf(kind)) == 0
                && isRangeSound(offset, length)
                && isLengthSound(kind, length, payloadBytes);
    }

    private static boolean isRangeSound(long offset, long length) {
        return offset >= 0 && length >= 0 && offset <= Long.MAX_VALUE - length;
    }

    private static boolean isLengthSound(EntryKind kind, long length, int payload) {
        return kind == EntryKind.WRITE
                ? payload > 0 && payload <= MAX_PAYLOAD_BYTES && payload == length
                : payload >= 0 && payload <= MAX_CONTROL_BYTES;
    }

    private static int flagsOf(EntryKind kind) {
        return FUA | KEEP_ALLOCATED | (kind == EntryKind.CREATE_SHARD ? MIRRORED : 0);
    }

    private static boolean isSeqSound(ByteBuffer bytes, int at, EntryKind kind) {
        if (kind == EntryKind.REWIND) {
            boolean alone = length(bytes, at) == 0 && payloadLength(bytes, at) == 0 && flags(bytes, at) == 0;
            return seq(bytes, at) == 0 && alone;
        }
        return seq(bytes, at) >= 1 && seq(bytes, at) < Long.MAX_VALUE;
    }

    private static boolean isPayloadSound(ByteBuffer bytes, int at, EntryKind kind, long offset, long length) {
        int payload = payloadLength(bytes, at);
        return isLengthSound(kind, length, payload)
                && firstSlot(bytes, at) >= 0
                && slots(bytes, at) == slotsFor(startInSlot(kind, offset), payload);
    }
}
