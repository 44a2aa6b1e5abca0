package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;

/**
 * What one consistency point does to the pins that this pool alone has of a shard, before anything else happens to it:
 * lets some go, and keeps the tree that the root before has. That is as if that root had made the pin: what is born
 * later is not reached by it, and nothing of it has been freed yet.
 */
public final class ShardPins {
    private final Core core;
    private final long cp;
    private final ShardState shard;

    public ShardPins(Core core, long cp, ShardState shard) {
        this.core = core;
        this.cp = cp;
        this.shard = shard;
    }

    /** Puts everything behind the work that calls it. */
    public void schedule(Runner runner) {
        for (long id : shard.pinWishes.takeLetGo()) {
            runner.add(new SnapshotDelete(core, cp, shard.id(), id));
        }
        if (shard.pinWishes.takePin()) {
            runner.then(this::pin);
        }
    }

    private void pin() {
        long before = cp - 1;
        Checks.that(shard.snapshots.newestCp() <= before, "a snapshot is of a root that is there", before);
        if (shard.snapshots.newestCp() == before || before == 0 || shard.image.isPresent()) {
            Marks.reached("store.root-is-pinned");
            return; // That root's tree is kept already, by a pin or, for as long as it likes, by a snapshot.
        }
        SnapshotRecord.Taken taken = new SnapshotRecord.Taken(before, core.clock.wallMillis(), shard.meta.sizeBytes());
        SnapshotRecord.At at = new SnapshotRecord.At(shard.epoch, shard.appliedSeq);
        shard.snapshots.add(SnapshotRecord.pinOf(taken, at, shard.tree, shard.liveDead));
        shard.liveDead = SnapshotRecord.DeadList.EMPTY;
    }
}
