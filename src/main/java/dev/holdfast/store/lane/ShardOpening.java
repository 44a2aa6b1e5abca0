package dev.holdfast.store.lane;

import dev.holdfast.store.tree.ObjectRoot;

/**
 * A shard as the root it is opened from has it.
 *
 * @param meta what it is
 * @param epoch of the newest change the root covers
 * @param appliedSeq number of that change; 0 if there was none
 * @param tree its blocks
 */
public record ShardOpening(ShardMeta meta, int epoch, long appliedSeq, ObjectRoot tree) {}
