package dev.holdfast.store.lane;

import dev.holdfast.store.tree.ObjectRoot;

/**
 * One shard as a durable root has it.
 *
 * @param shardId which
 * @param tree its blocks
 * @param newestSnapshotCp consistency point of its newest snapshot or pin, 0 without any
 * @param deleted it is gone (or going, in the background): nothing is read from it any more
 */
public record InstalledShard(int shardId, ObjectRoot tree, long newestSnapshotCp, boolean deleted) {}
