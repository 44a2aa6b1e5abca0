package dev.holdfast.store.lane;

import dev.holdfast.store.tree.ObjectRoot;
import java.util.List;
import java.util.Optional;

/**
 * A shard as the root it is opened from has it.
 *
 * @param meta what it is
 * @param epoch of the newest change the root covers
 * @param appliedSeq number of that change; 0 if there was none
 * @param tree its blocks
 * @param history where its epochs begin, oldest first
 * @param image of which a part is laid: contents are a mixture
 */
public record ShardOpening(
        ShardMeta meta,
        int epoch,
        long appliedSeq,
        ObjectRoot tree,
        List<EpochStart> history,
        Optional<LaidImage.Mark> image) {
    /** A shard that is no mixture. */
    public ShardOpening(ShardMeta meta, int epoch, long appliedSeq, ObjectRoot tree, List<EpochStart> history) {
        this(meta, epoch, appliedSeq, tree, history, Optional.empty());
    }

    /** A shard whose history nobody asks for. */
    public ShardOpening(ShardMeta meta, int epoch, long appliedSeq, ObjectRoot tree) {
        this(meta, epoch, appliedSeq, tree, List.of());
    }
}
