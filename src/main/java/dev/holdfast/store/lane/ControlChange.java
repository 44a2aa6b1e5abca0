package dev.holdfast.store.lane;

import dev.holdfast.store.log.Entry;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.MemoryLog;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A change that is not one of bytes, as it goes into the log. The payloads:
 *
 * <pre>
 * CREATE_SHARD   volume id (8 high, 8 low, little endian), name (the rest, UTF-8); the size is the entry's length
 * SNAPSHOT       name (UTF-8)
 * the others     none
 * </pre>
 *
 * @param kind what it changes
 * @param flags of the entry
 * @param offset of the entry: the snapshot's id for snapshot kinds, else 0
 * @param lengthBytes of the entry: the size for CREATE_SHARD and RESIZE, else 0
 * @param payload of the entry
 * @param done told when it is durable; for snapshots and pins, when a root has them
 */
record ControlChange(EntryKind kind, int flags, long offset, long lengthBytes, ByteBuffer payload, ControlDone done) {
    private static final int VOLUME_ID_BYTES = 16;

    static ControlChange create(ShardMeta meta, ControlDone done) {
        byte[] name = meta.name().getBytes(StandardCharsets.UTF_8);
        ByteBuffer payload =
                ByteBuffer.allocateDirect(VOLUME_ID_BYTES + name.length).order(ByteOrder.LITTLE_ENDIAN);
        payload.putLong(meta.volumeIdHigh())
                .putLong(meta.volumeIdLow())
                .put(name)
                .flip();
        return new ControlChange(
                EntryKind.CREATE_SHARD, meta.mirrored() ? Entry.MIRRORED : 0, 0, meta.sizeBytes(), payload, done);
    }

    static ControlChange resize(long sizeBytes, ControlDone done) {
        return new ControlChange(EntryKind.RESIZE, 0, 0, sizeBytes, MemoryLog.noPayload(), done);
    }

    static ControlChange delete(ControlDone done) {
        return new ControlChange(EntryKind.DELETE_SHARD, 0, 0, 0, MemoryLog.noPayload(), done);
    }

    static ControlChange snapshot(long snapshotId, boolean pin, String name, ControlDone done) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer payload = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        EntryKind kind = pin ? EntryKind.PIN : EntryKind.SNAPSHOT;
        return new ControlChange(kind, 0, snapshotId, 0, payload, done);
    }

    static ControlChange deleteSnapshot(long snapshotId, ControlDone done) {
        return new ControlChange(EntryKind.DELETE_SNAPSHOT, 0, snapshotId, 0, MemoryLog.noPayload(), done);
    }

    /** What a CREATE_SHARD entry makes; {@code payload} is little endian and stays as it is. */
    static ShardMeta meta(int shard, int flags, long sizeBytes, ByteBuffer payload) {
        int at = payload.position();
        byte[] name = new byte[payload.remaining() - VOLUME_ID_BYTES];
        payload.get(at + VOLUME_ID_BYTES, name);
        return new ShardMeta(
                shard,
                payload.getLong(at),
                payload.getLong(at + Long.BYTES),
                new String(name, StandardCharsets.UTF_8),
                sizeBytes,
                (flags & Entry.MIRRORED) != 0);
    }

    /** The entry as a consistency point gets it. */
    static ControlEntry entry(EntryKind kind, long seq, long offset, long lengthBytes, ByteBuffer payload) {
        return switch (kind) {
            case CREATE_SHARD -> new ControlEntry.Create(seq);
            case RESIZE -> new ControlEntry.Resize(seq, lengthBytes);
            case DELETE_SHARD -> new ControlEntry.Delete(seq);
            case SNAPSHOT, PIN -> new ControlEntry.Snapshot(seq, offset, kind == EntryKind.PIN, text(payload));
            case DELETE_SNAPSHOT, UNPIN -> new ControlEntry.DeleteSnapshot(seq, offset);
            case WRITE, TRIM, ZEROES, CONTEXT, REWIND ->
                throw new IllegalArgumentException("not a control entry: " + kind);
        };
    }

    private static String text(ByteBuffer payload) {
        byte[] bytes = new byte[payload.remaining()];
        payload.get(payload.position(), bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
