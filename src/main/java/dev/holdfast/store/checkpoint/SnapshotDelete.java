package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.ObjectDrop;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Work;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Lets one snapshot or pin S of a shard go. With P the one before S and N the one after it (or the live tree):
 * blocks on
 * N's dead list died between S and N; those born after P are reached by S alone and are freed; the others are still
 * reached by P and stay, together with S's own dead list. It reads N's dead list, nothing else.
 */
public final class SnapshotDelete implements Work {
    private static final int SLICE = 64;

    private final Core core;
    private final long cp;
    private final int shardId;
    private final long snapshotId;
    private final DeadEntries kept = new DeadEntries();
    private final List<Long> blocksAtHand = new ArrayList<>();
    private final PointerSlot slot = new PointerSlot();
    private long read;

    public SnapshotDelete(Core core, long cp, int shardId, long snapshotId) {
        this.core = core;
        this.cp = cp;
        this.shardId = shardId;
        this.snapshotId = snapshotId;
    }

    @Override
    public Progress slice(Runner runner) {
        ShardState shard = shard();
        int index = shard.snapshots.indexOf(snapshotId);
        if (index < 0) {
            return Progress.DONE;
        }
        SnapshotRecord record = shard.snapshots.records().get(index);
        boolean isRead = shard.pinWishes.isHeld(record.taken().cp()) && !Mutant.on("store.delete-what-is-read");
        if (isRead && !record.isLocal() && shard.life == ShardState.Life.LIVE) {
            Marks.reached("store.snapshot-becomes-pin");
            shard.snapshots.makeLocal(index);
            return Progress.DONE;
        }
        SnapshotRecord.DeadList younger = younger(shard, index);
        long listBlocks = Math.ceilDiv(younger.entries(), (long) SnapshotRecord.DeadList.PER_BLOCK);
        long end = Math.min(listBlocks, read + SLICE);
        if (!areAtHand(younger, end)) {
            core.loadMissing(runner);
            return Progress.WAITING;
        }
        long newestFreedExclusive = index == 0 || Mutant.on("store.delete-frees-what-older-have")
                ? 0
                : shard.snapshots.records().get(index - 1).taken().cp();
        for (; read < end; read++) {
            sort(younger, newestFreedExclusive);
        }
        if (read < listBlocks) {
            return Progress.MORE;
        }
        if (kept.size() > 0) {
            Marks.reached("store.snapshot-delete-keeps");
        }
        SnapshotRecord gone = shard.snapshots.records().get(index);
        runner.add(new ObjectDrop(core, cp, younger.object()));
        SnapshotRecord.DeadList joined =
                Mutant.on("store.drop-dead-list") ? SnapshotRecord.DeadList.EMPTY : gone.dead();
        runner.add(new DeadListAppend(core, cp, joined, kept, this::ended));
        return Progress.DONE;
    }

    private ShardState shard() {
        return Objects.requireNonNull(core.shards.get(shardId), "the shard of a snapshot exists");
    }

    private static SnapshotRecord.DeadList younger(ShardState shard, int index) {
        return index + 1 < shard.snapshots.size()
                ? shard.snapshots.records().get(index + 1).dead()
                : shard.liveDead;
    }

    private boolean areAtHand(SnapshotRecord.DeadList list, long end) {
        blocksAtHand.clear();
        boolean complete = true;
        for (long block = read; block < end; block++) {
            Lookup found = TreeReader.find(list.object(), block, core.blocks, slot);
            Checks.that(found != Lookup.HOLE, "a dead list has no holes", block);
            long handle = found == Lookup.FOUND ? core.blocks.find(slot.address(), slot.birth()) : -1;
            if (found == Lookup.UNREADABLE || handle >= 0 && core.isLost(slot.address(), slot.birth())) {
                core.trouble.failed("a dead list cannot be read: snapshots can't be deleted");
                return false;
            }
            if (handle < 0) {
                core.miss(slot);
                complete = false;
            }
            blocksAtHand.add(handle);
        }
        return complete;
    }

    private void sort(SnapshotRecord.DeadList list, long newestFreedExclusive) {
        Checks.that(read * SnapshotRecord.DeadList.PER_BLOCK < list.entries(), "a block of the list", read);
        long handle = blocksAtHand.removeFirst();
        ByteBuffer bytes = core.blocks.bytes(handle);
        int at = core.blocks.offset(handle);
        long first = read * SnapshotRecord.DeadList.PER_BLOCK;
        long count = Math.min(SnapshotRecord.DeadList.PER_BLOCK, list.entries() - first);
        for (int i = 0; i < count; i++) {
            long address = bytes.getLong(at + i * SnapshotRecord.DeadList.ENTRY_BYTES);
            long birth = bytes.getLong(at + i * SnapshotRecord.DeadList.ENTRY_BYTES + Long.BYTES);
            if (birth > newestFreedExclusive) {
                core.free(address, birth, false);
            } else {
                kept.add(address, birth);
            }
        }
    }

    private void ended(SnapshotRecord.DeadList joined) {
        ShardState shard = shard();
        int index = shard.snapshots.indexOf(snapshotId);
        Checks.that(index >= 0, "a snapshot is let go once", snapshotId);
        if (index + 1 < shard.snapshots.size()) {
            SnapshotRecord next = shard.snapshots.records().get(index + 1);
            shard.snapshots.replace(index + 1, next.withDead(joined));
        } else {
            shard.liveDead = joined;
        }
        shard.snapshots.remove(index);
    }
}
