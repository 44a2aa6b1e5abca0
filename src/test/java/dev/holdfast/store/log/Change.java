package dev.holdfast.store.log;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * One change as the tests remember it.
 *
 * @param checksum of the payload
 * @param lost its range is unreadable
 */
record Change(EntryKind kind, int flags, int shard, long seq, long offset, long length, long checksum, boolean lost) {
    static Change of(ReplayEntry entry) {
        return new Change(
                entry.kind(),
                entry.flags(),
                entry.shard(),
                entry.seq(),
                entry.offset(),
                entry.length(),
                checksum(entry.payload()),
                entry.isUnreadable());
    }

    static Change of(ByteBuffer descriptors, int at, ByteBuffer payload) {
        return new Change(
                Entry.kind(descriptors, at),
                Entry.flags(descriptors, at),
                Entry.shard(descriptors, at),
                Entry.seq(descriptors, at),
                Entry.offset(descriptors, at),
                Entry.length(descriptors, at),
                checksum(payload),
                false);
    }

    /** The same change with its payload lost. */
    Change unreadable() {
        return new Change(kind, flags, shard, seq, offset, length, 0, true);
    }

    static long checksum(ByteBuffer payload) {
        CRC32C crc = new CRC32C();
        crc.update(payload.duplicate());
        return crc.getValue();
    }

    /** A random change of {@code shard}; the first creates it. Appends it if there is room, else answers null. */
    static Change append(MemoryLog log, Random random, int shard, long seq, int maxPayload) {
        EntryKind kind = seq == 1 ? EntryKind.CREATE_SHARD : random.nextInt(8) == 0 ? EntryKind.TRIM : EntryKind.WRITE;
        if (seq > 1 && random.nextInt(40) == 0) {
            kind = EntryKind.SNAPSHOT;
        }
        int payloadLength = switch (kind) {
            case WRITE -> randomLength(random, maxPayload);
            case TRIM -> 0;
            default -> random.nextInt(200);
        };
        long offset = random.nextInt(4) > 0 ? random.nextLong(1 << 20) * 4096 : random.nextLong(1L << 32);
        int start = kind == EntryKind.WRITE ? (int) (offset % 4096) : 0;
        if (!log.room(payloadLength, start)) {
            return null;
        }
        ByteBuffer payload =
                ByteBuffer.allocateDirect(payloadLength + 3).position(1).limit(payloadLength + 1);
        byte[] bytes = new byte[payloadLength];
        random.nextBytes(bytes);
        payload.put(1, bytes);
        long length = kind == EntryKind.WRITE ? payloadLength : random.nextInt(1 << 20);
        int flags = random.nextInt(4);
        log.append(kind, flags, shard, 3, seq, offset, length, payload);
        if (payload.position() != 1 || payload.limit() != payloadLength + 1) {
            throw new AssertionError("append moved the payload's position or limit");
        }
        return new Change(kind, flags, shard, seq, offset, length, checksum(payload), false);
    }

    private static int randomLength(Random random, int maxPayload) {
        return switch (random.nextInt(6)) {
            case 0 -> 1 + random.nextInt(random.nextInt(8) == 0 ? maxPayload : Math.min(20000, maxPayload));
            case 1 -> 512;
            case 2 -> Math.min(maxPayload, 4096 * (1 + random.nextInt(8)));
            default -> 4096;
        };
    }
}
