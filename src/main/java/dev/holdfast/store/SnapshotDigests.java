package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.verify.TreeDigests;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Digests of a snapshot's ranges, a piece between two consistency points. It knows nothing of other replicas. */
final class SnapshotDigests {
    private static final int BLOCK_BYTES = 4096;

    private final Committer committer;
    private final int shardId;
    private final long snapshotId;
    private final TreeDigests.Ranges ranges;
    private final Consumer<Optional<Pool.Digested>> told;
    private Optional<TreeDigests> digests = Optional.empty();

    private SnapshotDigests(
            Committer committer,
            int shardId,
            long snapshotId,
            TreeDigests.Ranges ranges,
            Consumer<Optional<Pool.Digested>> told) {
        Checks.that(shardId > 0 && ranges.units() > 0, "ranges of a shard", shardId, ranges.units());
        this.committer = committer;
        this.shardId = shardId;
        this.snapshotId = snapshotId;
        this.ranges = ranges;
        this.told = told;
    }

    /** Learns them; {@code told} runs on {@code loop}. */
    static void ask(
            Committer committer,
            int shardId,
            long snapshotId,
            TreeDigests.Ranges ranges,
            Loop loop,
            Consumer<Optional<Pool.Digested>> told) {
        Consumer<Optional<Pool.Digested>> there = answer -> loop.post(() -> told.accept(answer));
        committer.loop().post(() -> new SnapshotDigests(committer, shardId, snapshotId, ranges, there).more());
    }

    private void more() {
        Checks.that(committer.loop().isCurrent(), "on the committer's loop");
        committer.between(runner -> {
            Optional<SnapshotRecord> found = find();
            if (found.isEmpty() || ranges.first() > blocks(found.get())) {
                told.accept(Optional.empty());
                return;
            }
            SnapshotRecord snapshot = found.get();
            TreeDigests learning =
                    digests.orElseGet(() -> new TreeDigests(committer.core(), shardId, ranges, blocks(snapshot)));
            digests = Optional.of(learning);
            if (learning.isDone()) {
                List<TreeDigests.Digest> known = learning.digests();
                committer.blocksLost(shardId, learning.lost());
                told.accept(Optional.of(
                        new Pool.Digested(snapshot.at(), snapshot.taken().sizeBytes(), known)));
            } else {
                learning.more(snapshot.tree(), runner);
                committer.loop().post(this::more);
            }
        });
    }

    private static long blocks(SnapshotRecord snapshot) {
        return Math.ceilDiv(snapshot.taken().sizeBytes(), BLOCK_BYTES);
    }

    private Optional<SnapshotRecord> find() {
        Checks.that(snapshotId > 0, "a snapshot that all replicas have", snapshotId);
        ShardState shard = committer.core().shards.get(shardId);
        if (shard == null) {
            return Optional.empty();
        }
        int index = shard.snapshots.indexOf(snapshotId);
        return index < 0
                ? Optional.empty()
                : Optional.of(shard.snapshots.records().get(index));
    }
}
