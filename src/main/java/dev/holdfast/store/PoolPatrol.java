package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.tree.ExtentCursor;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Work;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads every block that volumes and snapshots reach while the pool serves (S3): a piece between two consistency
 * points, each from the newest root then, so that what is overwritten meanwhile is never taken for damage. Every copy
 * is read; wrong ones beside good ones are repaired by the way. It does not look at the free map; {@link PoolCheck}
 * does, when nobody serves.
 */
final class PoolPatrol {
    private static final int PIECE_BLOCKS = 2048;
    private static final int MOST_PROBLEMS = 100;

    private record Place(int shard, long snapshot) {}

    private final Committer committer;
    private final Core core;
    private final Pool.VerifyProgress progress;
    private final Pool.Verified verified;
    private final List<Place> places = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final List<Long> piece = new ArrayList<>();
    private final ExtentCursor cursor = new ExtentCursor();
    private final PointerSlot slot = new PointerSlot();
    private long next;
    private long checked;

    PoolPatrol(Committer committer, Pool.VerifyProgress progress, Pool.Verified verified) {
        this.committer = committer;
        this.core = committer.core();
        this.progress = progress;
        this.verified = verified;
    }

    /** Begins, with a root that has everything written until now; on the committer's loop. */
    void start() {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        committer.checkpoint("verify", this::walk);
    }

    private void walk() {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        for (ShardState shard : core.shards.values()) {
            places.add(new Place(shard.id(), 0));
            for (SnapshotRecord snapshot : shard.snapshots.records()) {
                places.add(new Place(shard.id(), snapshot.id()));
            }
        }
        goOn();
    }

    private void goOn() {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        if (places.isEmpty()) {
            verified.verified(List.copyOf(problems), checked);
            return;
        }
        progress.progress(checked, core.freeMap.usedBlocks());
        committer.between(runner -> {
            core.blocks.forget();
            core.loader.everyCopy(true);
            ObjectRoot tree = tree(places.getFirst());
            long end = Math.max(next, tree.blocks());
            cursor.start(tree, next, end - next);
            piece.clear();
            runner.add(walker -> find(walker, tree));
        });
    }

    /** What is gone meanwhile is empty. */
    private ObjectRoot tree(Place place) {
        ShardState shard = core.shards.get(place.shard);
        if (shard == null || shard.life == ShardState.Life.DELETING) {
            return ObjectRoot.EMPTY;
        }
        if (place.snapshot == 0) {
            return shard.tree;
        }
        int index = shard.snapshots.indexOf(place.snapshot);
        return index < 0
                ? ObjectRoot.EMPTY
                : shard.snapshots.records().get(index).tree();
    }

    private Work.Progress find(Runner runner, ObjectRoot tree) {
        while (piece.size() < PIECE_BLOCKS) {
            switch (cursor.next(core.blocks, slot)) {
                case MORE -> {
                    return Work.Progress.MORE;
                }
                case MISSING -> {
                    core.miss(slot);
                    core.loadMissing(runner);
                    return Work.Progress.WAITING;
                }
                case END -> {
                    next = Long.MAX_VALUE;
                    runner.add(reader -> read(reader, tree));
                    return Work.Progress.DONE;
                }
                case FOUND -> take();
            }
        }
        next = piece.getLast() + 1;
        runner.add(reader -> read(reader, tree));
        return Work.Progress.DONE;
    }

    private void take() {
        if (cursor.kind() != Lookup.HOLE) {
            long room = PIECE_BLOCKS - piece.size();
            for (long i = 0; i < Math.min(room, cursor.blocks()); i++) {
                piece.add(cursor.first() + i);
            }
        }
    }

    private Work.Progress read(Runner runner, ObjectRoot tree) {
        for (long block : piece) {
            Lookup found = TreeReader.find(tree, block, core.blocks, slot);
            boolean isHere = found != Lookup.FOUND || core.blocks.find(slot.address(), slot.birth()) >= 0;
            if (!isHere || found == Lookup.MISSING) {
                core.miss(slot);
            }
        }
        if (core.loadMissing(runner)) {
            return Work.Progress.WAITING;
        }
        for (long block : piece) {
            Lookup found = TreeReader.find(tree, block, core.blocks, slot);
            if (found == Lookup.UNREADABLE || found == Lookup.FOUND && core.isLost(slot.address(), slot.birth())) {
                report(block);
            }
            checked++;
        }
        runner.then(this::ended);
        return Work.Progress.DONE;
    }

    private void report(long block) {
        if (problems.size() < MOST_PROBLEMS) {
            Place place = places.getFirst();
            problems.add("volume " + place.shard + (place.snapshot == 0 ? "" : " snapshot " + place.snapshot)
                    + ": 4 KiB at offset " + block * 4096 + " cannot be read");
        }
    }

    private void ended() {
        Checks.that(!places.isEmpty(), "a piece of something ends", checked);
        core.loader.everyCopy(false);
        if (next == Long.MAX_VALUE) {
            places.removeFirst();
            next = 0;
        }
        core.loop.post(this::goOn);
    }
}
