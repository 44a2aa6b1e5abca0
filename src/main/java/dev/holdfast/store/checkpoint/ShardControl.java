package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import dev.holdfast.store.cache.NewNodes;
import dev.holdfast.store.lane.ControlEntry;
import dev.holdfast.store.lane.EpochStart;
import dev.holdfast.store.lane.FrozenShard;
import dev.holdfast.store.lane.LaidImage;
import dev.holdfast.store.root.RootMarks;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What one consistency point does to one shard, in order: its life and size, snapshots that go, its blocks, its
 * dead list,
 * and last the snapshot or pin that keeps the tree just made.
 */
public final class ShardControl {
    private final Core core;
    private final long cp;
    private final FrozenShard change;
    private final NewNodes nodes;

    public ShardControl(Core core, long cp, FrozenShard change, NewNodes nodes) {
        this.nodes = nodes;
        this.core = core;
        this.cp = cp;
        this.change = change;
    }

    /** Puts everything behind the work that calls it. */
    public void schedule(Runner runner) {
        runner.then(this::applyLife);
        for (ControlEntry entry : change.control()) {
            if (entry instanceof ControlEntry.DeleteSnapshot delete) {
                runner.add(new SnapshotDelete(core, cp, change.meta().id(), delete.snapshotId()));
            }
            if (entry instanceof ControlEntry.KeepOnly keep) {
                othersOf(keep)
                        .forEach(id -> runner.add(
                                new SnapshotDelete(core, cp, change.meta().id(), id)));
            }
        }
        runner.then(() -> scheduleBlocks(runner));
        for (ControlEntry entry : change.control()) {
            if (entry instanceof ControlEntry.Snapshot marker) {
                runner.then(() -> keep(marker));
            }
        }
    }

    private List<Long> othersOf(ControlEntry.KeepOnly keep) {
        return shard().snapshots.records().stream()
                .filter(record -> !record.isLocal() && !keep.snapshotIds().contains(record.id()))
                .map(SnapshotRecord::id)
                .toList();
    }

    private ShardState shard() {
        return Objects.requireNonNull(core.shards.get(change.meta().id()), "a change is of a shard that exists");
    }

    private void applyLife() {
        int id = change.meta().id();
        for (ControlEntry entry : change.control()) {
            switch (entry) {
                case ControlEntry.Create create -> core.shards.putIfAbsent(id, new ShardState(change.meta()));
                case ControlEntry.Delete delete -> shard().life = ShardState.Life.DELETING;
                case ControlEntry.Resize resize -> Checks.that(resize.sizeBytes() >= 0, "a size");
                case ControlEntry.Snapshot marker -> Checks.that(marker.snapshotId() > 0, "a snapshot id");
                case ControlEntry.KeepOnly keep ->
                    Checks.that(change.mirrored().image().isPresent(), "an image's");
                case ControlEntry.DeleteSnapshot delete -> Checks.that(delete.snapshotId() > 0, "a snapshot id");
            }
        }
        ShardState shard = shard();
        Checks.that(change.appliedSeq() >= shard.appliedSeq, "changes are applied in order", change.appliedSeq());
        shard.meta = change.meta();
        if (change.mirrored().image().isPresent()) {
            applyImage(shard, change.mirrored().image().get());
        } else {
            for (EpochStart start : change.epochs()) {
                if (start.epoch() > shard.epoch) {
                    shard.startEpoch(start);
                }
            }
            shard.appliedSeq = change.appliedSeq();
        }
        if (shard.meta.mirrored() && shard.image.isEmpty()) {
            shard.marks.add(
                    new RootMarks.Mark(cp, shard.epoch, shard.appliedSeq),
                    change.mirrored().durableSeq());
        }
    }

    /** The root says of an image no more than what it has. */
    private void applyImage(ShardState shard, LaidImage.Mark mark) {
        if (mark.whole()) {
            shard.arriveBy(change.epochs(), change.appliedSeq());
        } else {
            Checks.that(change.appliedSeq() == shard.appliedSeq, "a mixture stays where it was", shard.appliedSeq);
            shard.image = Optional.of(mark);
        }
    }

    private void scheduleBlocks(Runner runner) {
        change.changes().ifPresent(changes -> {
            ShardCheckpoint blocks = new ShardCheckpoint(core, cp, shard(), changes, nodes);
            blocks.schedule(runner);
            runner.then(() -> appendDead(runner, blocks.dead));
        });
    }

    private void appendDead(Runner runner, DeadEntries dead) {
        ShardState shard = shard();
        runner.add(new DeadListAppend(core, cp, shard.liveDead, dead, list -> shard.liveDead = list));
    }

    private void keep(ControlEntry.Snapshot marker) {
        Checks.that(shard().snapshots.newestCp() < cp, "one marker a consistency point (C3)", cp);
        ShardState shard = shard();
        if (shard.snapshots.indexOf(marker.snapshotId()) >= 0) {
            return;
        }
        SnapshotRecord.Kind kind = marker.pin() ? SnapshotRecord.Kind.PIN : SnapshotRecord.Kind.SNAPSHOT;
        SnapshotRecord.Taken taken = new SnapshotRecord.Taken(cp, core.clock.wallMillis(), shard.meta.sizeBytes());
        SnapshotRecord.At at = shard.meta.mirrored()
                ? new SnapshotRecord.At(shard.epoch, shard.appliedSeq)
                : SnapshotRecord.At.UNKNOWN;
        shard.snapshots.add(
                new SnapshotRecord(marker.snapshotId(), kind, marker.name(), taken, shard.tree, shard.liveDead, at));
        shard.liveDead = SnapshotRecord.DeadList.EMPTY;
    }
}
