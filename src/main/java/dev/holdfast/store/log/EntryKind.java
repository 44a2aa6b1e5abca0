package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import org.jspecify.annotations.Nullable;

/** What an entry of the log changes. The code is what is stored; codes are never reused. */
public enum EntryKind {
    /** Bytes of a range; the payload is the bytes. */
    WRITE(1),
    /** A range that is no longer needed; reads as zeroes. */
    TRIM(2),
    /** A range that is zero from now on. */
    ZEROES(3),
    /** Another size of the shard. */
    RESIZE(4),
    /** The shard begins to exist; always its first entry. */
    CREATE_SHARD(5),
    /** The shard ends; always its last entry. */
    DELETE_SHARD(6),
    /** A marker: what the shard is at this point is kept under a snapshot id. */
    SNAPSHOT(7),
    /** A snapshot is no longer kept. */
    DELETE_SNAPSHOT(8),
    /** Small state of a front end that goes with the shard. */
    CONTEXT(9),
    /** A marker like a snapshot, kept for another replica. */
    PIN(10),
    /** A pin is no longer kept. */
    UNPIN(11),
    /**
     * No change, and without a number: what its shard held after the number in its offset is void, if it stands before
     * this in the memory log.
     */
    REWIND(12);

    private static final @Nullable EntryKind[] BY_CODE = new @Nullable EntryKind[13];

    static {
        for (EntryKind kind : values()) {
            BY_CODE[kind.code] = kind;
        }
    }

    private final byte code;

    EntryKind(int code) {
        this.code = (byte) code;
    }

    /** The stored byte. */
    public byte code() {
        return code;
    }

    /** The kind with this code, which was found sound ({@link Entry#isSoundChange}). */
    public static EntryKind of(byte code) {
        EntryKind kind = ofCode(code);
        if (kind == null) {
            throw Checks.unreachable("a sound change has a known kind");
        }
        return kind;
    }

    /** The kind with this code, or null: a descriptor of an unknown kind is not sound. */
    static @Nullable EntryKind ofCode(byte code) {
        return code > 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }
}
