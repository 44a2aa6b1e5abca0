package dev.holdfast.store.root;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One snapshot or pin of a shard as the snapshot table keeps it. It pins a tree and owns the dead list of what died
 * between the snapshot before it and itself.
 *
 * <pre>
 *   0  8 id, from 1; 0 = free record       40 48 object: tree at the marker
 *   8  4 kind: 1 snapshot, 2 pin           88 48 object: dead list
 *  12  4 branch                           136  8 entries of the dead list
 *  16  8 cp whose root first held it      144  4 name length, bytes
 *  24  8 wall time, ms                    148 64 name, UTF-8
 *  32  8 size of the disk, bytes          212  4 of a mirrored shard: epoch of the position
 *                                         216  8 of a mirrored shard: applied seq there
 *                                         224 32 reserved, 0
 * </pre>
 *
 * @param id never reused within its shard; negative: a pin that this pool alone has, of the root with that cp
 * @param kind snapshot or pin
 * @param name unique among its shard's snapshots
 * @param taken when and at what size
 * @param tree the shard's tree at the marker
 * @param dead what the one before reaches and this one does not
 * @param at of a mirrored shard: where it stood
 */
public record SnapshotRecord(long id, Kind kind, String name, Taken taken, ObjectRoot tree, DeadList dead, At at) {
    public static final int BYTES = 256;
    public static final int MAX_NAME_BYTES = 64;

    /** Why the tree is kept. */
    public enum Kind {
        /** A person asked for it. */
        SNAPSHOT,
        /** Something inside needs it until it lets go. */
        PIN
    }

    /** The consistency point, wall time and disk size at the marker. */
    public record Taken(long cp, long wallMillis, long sizeBytes) {}

    /** A dead list and its length. */
    public record DeadList(ObjectRoot object, long entries) {
        /** Entries in one block of the list's object. */
        public static final int PER_BLOCK = 256;

        /** Bytes of an entry: address 8, birth cp 8, little endian. */
        public static final int ENTRY_BYTES = 16;

        /** Nothing. */
        public static final DeadList EMPTY = new DeadList(ObjectRoot.EMPTY, 0);
    }

    /** The newest change that a tree has. */
    public record At(int epoch, long seq) {
        /** Nobody asks. */
        public static final At UNKNOWN = new At(0, 0);
    }

    /** A snapshot or pin that is a change of the shard. */
    public SnapshotRecord(long id, Kind kind, String name, Taken taken, ObjectRoot tree, DeadList dead) {
        this(id, kind, name, taken, tree, dead, At.UNKNOWN);
    }

    /** A pin of this pool alone. */
    public static SnapshotRecord pinOf(Taken taken, At at, ObjectRoot tree, DeadList dead) {
        return new SnapshotRecord(-taken.cp, Kind.PIN, "", taken, tree, dead, at);
    }

    /** Whether this pool alone has it. */
    public boolean isLocal() {
        return id < 0;
    }

    /** Puts the 256 bytes at {@code base}. */
    public void encode(ByteBuffer into, int base) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        Checks.that(text.length <= MAX_NAME_BYTES, "a snapshot name fits its record", text.length);
        for (int at = 0; at < BYTES; at += Long.BYTES) {
            into.putLong(base + at, 0);
        }
        into.putLong(base, id).putInt(base + 8, kind.ordinal() + 1);
        into.putLong(base + 16, taken.cp).putLong(base + 24, taken.wallMillis).putLong(base + 32, taken.sizeBytes);
        tree.write(into, base + 40);
        dead.object.write(into, base + 88);
        into.putLong(base + 136, dead.entries).putInt(base + 144, text.length);
        into.put(base + 148, text);
        into.putInt(base + 212, at.epoch).putLong(base + 216, at.seq);
    }

    /** The record at {@code base}; its id is 0 if the place is free. */
    public static SnapshotRecord decode(ByteBuffer from, int base) {
        int length = from.getInt(base + 144);
        Checks.that(length >= 0 && length <= MAX_NAME_BYTES, "a stored snapshot name fits its record", length);
        byte[] text = new byte[length];
        from.get(base + 148, text);
        return new SnapshotRecord(
                from.getLong(base),
                from.getInt(base + 8) == 2 ? Kind.PIN : Kind.SNAPSHOT,
                new String(text, StandardCharsets.UTF_8),
                new Taken(from.getLong(base + 16), from.getLong(base + 24), from.getLong(base + 32)),
                ObjectRoot.read(from, base + 40),
                new DeadList(ObjectRoot.read(from, base + 88), from.getLong(base + 136)),
                new At(from.getInt(base + 212), from.getLong(base + 216)));
    }

    /** The same as a pin that this pool alone has; its tree is that of a root. */
    public SnapshotRecord local() {
        return pinOf(taken, at, tree, dead);
    }

    public SnapshotRecord withDead(DeadList other) {
        return new SnapshotRecord(id, kind, name, taken, tree, other, at);
    }
}
