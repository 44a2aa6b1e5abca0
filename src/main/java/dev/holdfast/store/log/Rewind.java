package dev.holdfast.store.log;

/**
 * What a rewind says: of {@code shard}, changes after {@code toSeq} are void that stand before it in the memory log.
 *
 * @param shard whose changes
 * @param entry its number in the memory log of the shard's lane
 * @param toSeq the last change that stays
 */
public record Rewind(int shard, long entry, long toSeq) {}
