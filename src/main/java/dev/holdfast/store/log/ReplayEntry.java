package dev.holdfast.store.log;

import java.nio.ByteBuffer;

/** One change to be applied again; the same object every time, filled by {@link ReplaySet#next}. */
public final class ReplayEntry {
    private ByteBuffer descriptors = MemoryLog.noPayload();
    private int at;
    private ByteBuffer payload = MemoryLog.noPayload();
    private boolean unreadable;

    ReplayEntry() {}

    void set(ByteBuffer descriptorBytes, int descriptorAt, ByteBuffer payloadBytes, boolean lost) {
        descriptors = descriptorBytes;
        at = descriptorAt;
        payload = payloadBytes;
        unreadable = lost;
    }

    /** What it changes. */
    public EntryKind kind() {
        return Entry.kind(descriptors, at);
    }

    /** Flags, see {@link Entry}. */
    public int flags() {
        return Entry.flags(descriptors, at);
    }

    /** Which shard. */
    public int shard() {
        return Entry.shard(descriptors, at);
    }

    /** Epoch it was numbered in. */
    public int epoch() {
        return Entry.epoch(descriptors, at);
    }

    /** Its number in the shard: one more than the one before. */
    public long seq() {
        return Entry.seq(descriptors, at);
    }

    /** First byte of the range, or a snapshot's id. */
    public long offset() {
        return Entry.offset(descriptors, at);
    }

    /** Bytes of the range. */
    public long length() {
        return Entry.length(descriptors, at);
    }

    /** The payload between position and limit, little endian; valid until the next {@link ReplaySet#next}. */
    public ByteBuffer payload() {
        return payload;
    }

    /** A write whose payload is lost: its whole range becomes a recorded error, and {@link #payload} is empty. */
    public boolean isUnreadable() {
        return unreadable;
    }
}
