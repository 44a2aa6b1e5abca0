package dev.holdfast.store.lane;

import dev.holdfast.store.tree.ObjectRoot;
import java.util.List;

/**
 * A shard as the root it is opened from has it.
 *
 * @param meta what it is
 * @param epoch of the newest change the root covers
 * @param appliedSeq number of that change; 0 if there was none
 * @param tree its blocks
 * @param history where its epochs begin, oldest first
 */
public record ShardOpening(ShardMeta meta, int epoch, long appliedSeq, ObjectRoot tree, List<EpochStart> history) {
    /** A shard whose history nobody asks for. */
    public ShardOpening(ShardMeta meta, int epoch, long appliedSeq, ObjectRoot tree) {
        this(meta, epoch, appliedSeq, tree, List.of());
    }
}
