package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.log.AppliedSeq;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.work.Core;

/** What the newest root covers, for the logs: by its shards, as they were loaded, and by what it says of the lanes. */
final class Covered implements AppliedSeq {
    private final Core core;
    private final Root root;

    Covered(Core core, Root root) {
        this.core = core;
        this.root = root;
    }

    @Override
    public long of(int shardId) {
        ShardState shard = core.shards.get(shardId);
        if (shard == null) {
            return shardId < root.space().nextShardId() ? Long.MAX_VALUE : 0;
        }
        long applied = Mutant.on("store.replay-one-too-many") ? Math.max(0, shard.appliedSeq - 1) : shard.appliedSeq;
        Checks.that(applied >= 0, "changes are counted", applied);
        return shard.life == ShardState.Life.LIVE ? applied : Long.MAX_VALUE;
    }

    @Override
    public long firstEntry(int shardId) {
        Checks.that(shardId >= 0, "a sound descriptor names a shard", shardId);
        int lanes = root.log().lanes();
        return lanes == 0 ? 0 : root.log().firstEntries().get(shardId % lanes);
    }
}
