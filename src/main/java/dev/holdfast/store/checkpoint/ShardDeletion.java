package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import dev.holdfast.store.tree.TreeUpdate;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.ObjectDrop;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.TreeEnd;
import dev.holdfast.store.work.Work;

/**
 * One consistency point's part of making a deleted shard's blocks free: first its snapshots, newest first, then
 * its tree
 * from the front, then its tables and its record. Bounded, so that a large disk takes many consistency points.
 */
public final class ShardDeletion implements Work {
    private static final int SNAPSHOTS_AT_ONCE = 16;
    private static final long USED_BLOCKS_IN_A_PIECE = 2048;
    private static final long FREED_AT_ONCE = 100_000;

    private final Core core;
    private final long cp;
    private final ShardState shard;
    private final TreeUpdate update;
    private final PointerSlot slot = new PointerSlot();
    private long freed;

    public ShardDeletion(Core core, long cp, ShardState shard) {
        this.core = core;
        this.cp = cp;
        this.shard = shard;
        this.update = new TreeUpdate(shard.tree, cp, core.blocks, core.pages, this::freed);
    }

    @Override
    public Progress slice(Runner runner) {
        if (shard.snapshots.size() > 0) {
            deleteSnapshots(runner);
            return Progress.DONE;
        }
        if (shard.tree.height() == 0) {
            endShard(runner);
            return Progress.DONE;
        }
        long end = Math.max(shard.tree.blocks(), shard.tree.capacity());
        long first = shard.deletedBlocks;
        long next = TreeReader.piece(shard.tree, first, USED_BLOCKS_IN_A_PIECE, core.blocks, slot);
        if (next < 0) {
            core.miss(slot);
        } else {
            update.plan(first, next - first, core::miss);
        }
        if (core.loadMissing(runner)) {
            return Progress.WAITING;
        }
        update.hole(first, next - first);
        shard.deletedBlocks = next;
        if (shard.deletedBlocks < end && freed < FREED_AT_ONCE) {
            return Progress.MORE;
        }
        runner.add(new TreeEnd(core, cp, update, tree -> shard.tree = tree));
        return Progress.DONE;
    }

    private void deleteSnapshots(Runner runner) {
        update.abandon();
        int last = shard.snapshots.size() - 1;
        for (int i = last; i >= 0 && i > last - SNAPSHOTS_AT_ONCE; i--) {
            long id = shard.snapshots.records().get(i).id();
            runner.add(new SnapshotDelete(core, cp, shard.id(), id));
        }
    }

    private void endShard(Runner runner) {
        update.abandon();
        Checks.that(shard.liveDead.entries() == 0, "without snapshots nothing is kept dead", shard.liveDead.entries());
        runner.add(new ObjectDrop(core, cp, shard.liveDead.object()));
        runner.add(new ObjectDrop(core, cp, shard.snapshots.object()));
        runner.then(() -> core.shards.remove(shard.id()));
    }

    private void freed(long address, long birth, boolean node) {
        Checks.that(birth <= cp && shard.snapshots.newestCp() == 0, "no snapshot reaches it", birth, cp);
        freed++;
        core.free(address, birth, node);
    }
}
