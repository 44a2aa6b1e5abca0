package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.store.root.RootMarks;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.tree.ExtentCursor;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Work;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What roots of a pool had of its mirrored shards, kept for replicas that may come back: pins that are no changes of
 * the shard and that no other replica knows of. They survive a start. Calls from any loop; answers on the loop given.
 * It decides nothing about which are needed.
 */
public final class PinnedRoots {
    private static final int MOST_DIFFERENCES = 1024;
    private static final int BLOCK_BYTES = 4096;
    private static final int STEPS_A_SLICE = 4096;
    private static final int MOST_SLICES = 16;

    private final Committer committer;
    private final Core core;

    /**
     * What a root had.
     *
     * @param id to be named by, negative; as a snapshot it can be opened
     * @param epoch of the newest change that it has
     * @param seq of that
     * @param sizeBytes of the shard then
     * @param usedBlocks that had bytes
     * @param before positions that older roots had, oldest first
     * @param snapshots what the shard had of them
     */
    public record Pin(
            long id,
            int epoch,
            long seq,
            long sizeBytes,
            long usedBlocks,
            List<RootMarks.Mark> before,
            Snapshots snapshots) {}

    /**
     * The snapshots of a shard in a root.
     *
     * @param ids all of them, ascending
     * @param made the one that this root made, so that the pin is of its tree; 0 if it made none
     * @param name of that one, or empty
     */
    public record Snapshots(List<Long> ids, long made, String name) {}

    /** Blocks that may differ, and what they are now: FOUND, HOLE or UNREADABLE. */
    public record Difference(long first, long blocks, Lookup now) {}

    /**
     * Differences in order.
     *
     * @param found false if the pin is not there: nothing is known
     * @param list may be empty
     * @param endBlock everything before it was compared
     */
    public record Compared(boolean found, List<Difference> list, long endBlock) {}

    PinnedRoots(Committer committer) {
        this.committer = committer;
        this.core = committer.core();
    }

    /** Keeps what the newest root has of the shard, or a newer one; empty if that can't be at the moment. */
    public void pin(int shardId, Loop loop, Consumer<Optional<Pin>> pinned) {
        committer.loop().post(() -> {
            ShardState shard = core.shards.get(shardId);
            if (shard == null || committer.isOver()) {
                loop.post(() -> pinned.accept(Optional.empty()));
                return;
            }
            long newest = committer.roots().newest().number().cp();
            shard.pinWishes.pin();
            committer.checkpoint("pin", () -> {
                Optional<Pin> made = shard.snapshots.local().reversed().stream()
                        .filter(record -> record.taken().cp() >= newest)
                        .findFirst()
                        .map(record -> pin(shard, record));
                loop.post(() -> pinned.accept(made));
            });
        });
    }

    /**
     * What a replica needs next that has everything up to {@code base}: the oldest snapshot made after it, and not
     * before {@code atLeast}; if there is none, the newest root. Empty if that can't be at the moment. A snapshot that
     * is deleted meanwhile stays as a pin.
     */
    public void pinNext(int shardId, long base, long atLeast, Loop loop, Consumer<Optional<Pin>> pinned) {
        Checks.that(base >= 0 && atLeast >= 0, "positions count from 0", base, atLeast);
        committer.loop().post(() -> {
            Optional<Pin> made = hold(shardId, base, atLeast);
            if (made.isPresent()) {
                loop.post(() -> pinned.accept(made));
            } else {
                pin(shardId, committer.loop(), root -> {
                    Optional<Pin> later = hold(shardId, base, atLeast); // One may have been made with that root.
                    if (later.isPresent()) {
                        root.ifPresent(pin -> letGo(shardId, pin.id()));
                    }
                    loop.post(() -> pinned.accept(later.isPresent() ? later : root));
                });
            }
        });
    }

    private Optional<Pin> hold(int shardId, long base, long atLeast) {
        Checks.that(core.loop.isCurrent() && base >= 0, "on the committer's loop, for a position", base, atLeast);
        ShardState shard = core.shards.get(shardId);
        if (shard == null || shard.life != ShardState.Life.LIVE || Mutant.on("store.image-without-snapshots")) {
            return Optional.empty();
        }
        Optional<SnapshotRecord> found = shard.snapshots.records().stream()
                .filter(record -> !record.isLocal())
                .filter(record -> record.at().seq() > base && record.at().seq() >= atLeast)
                .findFirst();
        found.ifPresent(record -> shard.pinWishes.hold(record.taken().cp()));
        return found.map(record -> pin(shard, record));
    }

    /** The pin is not kept any more; one that is not there is no error. */
    public void letGo(int shardId, long id) {
        committer.loop().post(() -> {
            ShardState shard = core.shards.get(shardId);
            if (shard != null) {
                shard.pinWishes.release(-id);
            }
            if (shard != null && shard.snapshots.indexOf(id) >= 0) {
                shard.pinWishes.letGo(id);
                committer.checkpointWanted("pin");
            }
        });
    }

    /** All pins of the shard, oldest first. */
    public void list(int shardId, Loop loop, Consumer<List<Pin>> told) {
        committer.loop().post(() -> {
            ShardState shard = core.shards.get(shardId);
            List<Pin> pins = shard == null
                    ? List.of()
                    : shard.snapshots.local().stream()
                            .map(record -> pin(shard, record))
                            .toList();
            loop.post(() -> told.accept(pins));
        });
    }

    private static Pin pin(ShardState shard, SnapshotRecord record) {
        long cp = record.taken().cp();
        Checks.that(record.at().seq() > 0, "a pin is of a position", record.id());
        List<RootMarks.Mark> before = new ArrayList<>(shard.marks.list());
        shard.snapshots.records().stream()
                .filter(other -> other.at().seq() > 0)
                .map(other -> new RootMarks.Mark(
                        other.taken().cp(), other.at().epoch(), other.at().seq()))
                .forEach(before::add);
        before.removeIf(mark -> mark.cp() > cp);
        before.sort(Comparator.comparingLong(RootMarks.Mark::cp));
        return new Pin(
                -cp,
                record.at().epoch(),
                record.at().seq(),
                record.taken().sizeBytes(),
                record.tree().root().used(),
                before,
                snapshots(shard, record));
    }

    private static Snapshots snapshots(ShardState shard, SnapshotRecord record) {
        List<Long> ids = shard.snapshots.records().stream()
                .filter(other ->
                        !other.isLocal() && other.at().seq() <= record.at().seq())
                .map(SnapshotRecord::id)
                .toList();
        return record.isLocal() ? new Snapshots(ids, 0, "") : new Snapshots(ids, record.id(), record.name());
    }

    /**
     * Some of the blocks of a pin, from {@code fromBlock} on, that may be others than in root {@code sinceCp} or at any
     * time between the two: what was not changed since is skipped. All blocks may be, since 0.
     */
    public void differences(int shardId, long sinceCp, long id, long fromBlock, Loop loop, Consumer<Compared> told) {
        committer
                .loop()
                .post(() -> committer.between(runner -> {
                    Optional<SnapshotRecord> found = find(shardId, id);
                    if (found.isEmpty()) {
                        loop.post(() -> told.accept(new Compared(false, List.of(), fromBlock)));
                        return;
                    }
                    new Walk(found.get(), sinceCp, fromBlock, answer -> loop.post(() -> told.accept(answer)))
                            .schedule(runner);
                }));
    }

    private Optional<SnapshotRecord> find(int shardId, long id) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        ShardState shard = core.shards.get(shardId);
        return shard == null ? Optional.empty() : shard.snapshots.ofRoot(-id);
    }

    /** One answer; so short that consistency points need not wait long. */
    private final class Walk {
        private final ExtentCursor cursor = new ExtentCursor();
        private final PointerSlot missing = new PointerSlot();
        private final List<Difference> found = new ArrayList<>();
        private final Consumer<Compared> answer;
        private final long end;
        private long compared;
        private int slices;

        Walk(SnapshotRecord pin, long sinceCp, long fromBlock, Consumer<Compared> answer) {
            this.answer = answer;
            this.end = Math.ceilDiv(pin.taken().sizeBytes(), BLOCK_BYTES);
            this.compared = fromBlock;
            Checks.that(fromBlock >= 0 && fromBlock <= end, "a block of the shard", fromBlock, end);
            cursor.start(pin.tree(), fromBlock, end - fromBlock, sinceCp);
        }

        void schedule(Runner runner) {
            runner.add(this::slice);
        }

        private Work.Progress slice(Runner runner) {
            for (int i = 0; i < STEPS_A_SLICE; i++) {
                switch (cursor.next(core.blocks, missing)) {
                    case MORE -> {}
                    case FOUND -> found();
                    case MISSING -> {
                        core.miss(missing);
                        core.loadMissing(runner);
                        return Work.Progress.WAITING;
                    }
                    case END -> {
                        return done(end);
                    }
                }
                compared = cursor.first() + cursor.blocks();
                if (found.size() == MOST_DIFFERENCES) {
                    return done(compared);
                }
            }
            return ++slices < MOST_SLICES ? Work.Progress.MORE : done(compared);
        }

        private void found() {
            if (!cursor.isOlder()) {
                found.add(new Difference(cursor.first(), cursor.blocks(), cursor.kind()));
            }
        }

        private Work.Progress done(long endBlock) {
            answer.accept(new Compared(true, found, endBlock));
            return Work.Progress.DONE;
        }
    }
}
