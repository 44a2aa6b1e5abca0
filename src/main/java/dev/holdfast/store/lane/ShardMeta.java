package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;

/**
 * What a shard is, as far as the store has to know.
 *
 * @param id unique in the pool, never reused
 * @param volumeIdHigh upper half of the id of the volume it belongs to
 * @param volumeIdLow lower half
 * @param name for people, at most 255 bytes of UTF-8
 * @param sizeBytes present size
 * @param mirrored whether other nodes have it too, or may: nothing takes effect here that they may not have
 */
public record ShardMeta(int id, long volumeIdHigh, long volumeIdLow, String name, long sizeBytes, boolean mirrored) {
    /** A shard that this pool has alone. */
    public ShardMeta(int id, long volumeIdHigh, long volumeIdLow, String name, long sizeBytes) {
        this(id, volumeIdHigh, volumeIdLow, name, sizeBytes, false);
    }

    /** Checks what the store relies on; whoever takes a name from outside has looked at it before. */
    public ShardMeta {
        Checks.that(id >= 0 && sizeBytes >= 0, "a shard has an id and a size", id, sizeBytes);
    }

    /** The same shard with another size. */
    public ShardMeta withSize(long newSizeBytes) {
        return new ShardMeta(id, volumeIdHigh, volumeIdLow, name, newSizeBytes, mirrored);
    }
}
