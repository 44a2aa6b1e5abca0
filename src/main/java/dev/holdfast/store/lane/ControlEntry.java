package dev.holdfast.store.lane;

import java.util.List;

/** A change of a shard that is not a change of bytes, as a consistency point gets it. */
public sealed interface ControlEntry {
    /** Its number in the shard. */
    long seq();

    /** The shard begins to exist; {@link FrozenShard#meta} says what it is. */
    record Create(long seq) implements ControlEntry {}

    /** The shard has another size. */
    record Resize(long seq, long sizeBytes) implements ControlEntry {}

    /** The shard goes, with all its snapshots. Nothing follows it. */
    record Delete(long seq) implements ControlEntry {}

    /**
     * A marker: the shard's tree in this root is kept under {@code snapshotId}.
     *
     * @param seq its number in the shard
     * @param snapshotId unique in the shard, never reused
     * @param pin kept for another replica instead of for people
     * @param name for people, at most 64 bytes of UTF-8; empty for a pin
     */
    record Snapshot(long seq, long snapshotId, boolean pin, String name) implements ControlEntry {}

    /**
     * With an image: only these snapshots are there, in ascending order, and a marker that may follow; others go. Pins
     * of this pool alone stay.
     */
    record KeepOnly(long seq, List<Long> snapshotIds) implements ControlEntry {}

    /** The snapshot or pin is not kept any more; an id that does not exist is no error (a repeated deletion). */
    record DeleteSnapshot(long seq, long snapshotId) implements ControlEntry {}
}
