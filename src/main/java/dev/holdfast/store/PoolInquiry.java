package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.tree.ChangeCursor;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.Step;
import dev.holdfast.store.twin.TwinStatus;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.StagingWriter;
import dev.holdfast.store.work.Work;
import java.util.ArrayList;
import java.util.List;

/**
 * Answers questions about an open pool from its newest root, on the committer's loop, between consistency points
 * where blocks
 * are read. It changes nothing.
 */
final class PoolInquiry {
    private static final int STEPS_A_SLICE = 4096;

    /** Takes the answer of {@link #changes}. */
    interface Ranges {
        /** In order; {@code complete} false if there are more than the limit. */
        void ranges(List<Pool.ByteRange> ranges, boolean complete);
    }

    private final Committer committer;
    private final Core core;

    PoolInquiry(Committer committer) {
        this.committer = committer;
        this.core = committer.core();
    }

    /** What differs between {@code before} and the shard's tree in the newest root. */
    void changes(ObjectRoot before, int shardId, int limit, Ranges answer) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        committer.between(runner -> {
            ShardState shard = core.shards.get(shardId);
            ObjectRoot after = shard == null ? ObjectRoot.EMPTY : shard.tree;
            List<Pool.ByteRange> ranges = new ArrayList<>();
            ChangeCursor cursor = new ChangeCursor();
            cursor.start(before, after, 0, Math.max(before.blocks(), after.blocks()));
            runner.add(walker -> walk(walker, cursor, ranges, limit, answer));
        });
    }

    private Work.Progress walk(
            Runner runner, ChangeCursor cursor, List<Pool.ByteRange> ranges, int limit, Ranges answer) {
        PointerSlot missing = new PointerSlot();
        for (int i = 0; i < STEPS_A_SLICE; i++) {
            Step step = cursor.next(core.blocks, missing);
            switch (step) {
                case MORE -> {}
                case FOUND -> add(ranges, cursor.first(), cursor.blocks());
                case MISSING -> {
                    core.miss(missing);
                    core.loadMissing(runner);
                    return Work.Progress.WAITING;
                }
                case END -> {
                    answer.ranges(ranges, true);
                    return Work.Progress.DONE;
                }
            }
            if (ranges.size() > limit) {
                answer.ranges(ranges.subList(0, limit), false);
                return Work.Progress.DONE;
            }
        }
        return Work.Progress.MORE;
    }

    private static void add(List<Pool.ByteRange> ranges, long first, long blocks) {
        Checks.that(blocks > 0, "a change has blocks", first, blocks);
        long offset = first * StagingWriter.BLOCK_BYTES;
        long length = blocks * StagingWriter.BLOCK_BYTES;
        if (!ranges.isEmpty()) {
            Pool.ByteRange last = ranges.getLast();
            if (last.offset() + last.lengthBytes() == offset) {
                ranges.set(ranges.size() - 1, new Pool.ByteRange(last.offset(), last.lengthBytes() + length));
                return;
            }
        }
        ranges.add(new Pool.ByteRange(offset, length));
    }

    Pool.PoolStatus status(PoolEvents events, Rebuilding rebuilding) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        Root root = committer.roots().newest();
        List<Pool.ShardStatus> shards = new ArrayList<>();
        for (ShardState shard : core.shards.values()) {
            if (shard.life == ShardState.Life.LIVE) {
                shards.add(new Pool.ShardStatus(
                        shard.meta,
                        shard.tree.root().used(),
                        shard.epoch,
                        shard.appliedSeq,
                        events.unreadableBlocks(shard.id()),
                        events.healedBlocks(shard.id()),
                        shard.snapshots.records().stream()
                                .filter(record -> !record.isLocal())
                                .toList()));
            }
        }
        List<String> notes = new ArrayList<>(events.lines());
        rebuilding.line().ifPresent(notes::add);
        TwinStatus twin = committer.twin().status();
        if (twin.exists()) {
            notes.add(twin.line());
        }
        long logUsed = committer.commits().map(GroupCommit::ringUsedBytes).orElse(0L);
        Pool.SpaceStatus space = new Pool.SpaceStatus(
                core.array.dataBlocks(),
                core.freeMap.usedBlocks(),
                core.freeMap.freeBlocks(),
                logUsed,
                core.array.logBytes());
        return new Pool.PoolStatus(
                root.poolId(), root.number(), space, core.array.health(), shards, events.replayed(), notes);
    }

    /** Verifies what the newest root reaches. */
    void verify(Pool.VerifyProgress progress, Pool.Verified verified) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        new PoolPatrol(committer, progress, verified).start();
    }
}
