package dev.holdfast.store;

import dev.holdfast.array.MemberHealth;
import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Loop;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.lane.ShardMeta;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.verify.TreeDigests;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One open pool as the layers above see it. Every call may come from any loop; answers come on the loop given, in
 * a later turn.
 * Changes are durable when their answer is {@link Result.Done}; repeating one that was done is done again without
 * effect.
 */
public interface Pool {
    /** The pool. */
    Id128 id();

    /**
     * The open counter since which no start found that something held in memory was lost; 0 if none ever did. Two
     * starts of the pool between which the power went never say the same.
     */
    long wholeSince();

    /**
     * Makes an empty thin disk. {@code meta.id()} was never used in this pool before, except by this very call
     * repeated.
     */
    void createShard(ShardMeta meta, Loop loop, Answer answer);

    /** The disk goes with all its snapshots; its space comes back in the background. */
    void deleteShard(int shardId, Loop loop, Answer answer);

    /** Another size. What is cut off is gone. */
    void resizeShard(int shardId, long sizeBytes, Loop loop, Answer answer);

    /** The disk, to be used on its own loop only; absent if there is none or it is going. */
    Optional<BlockVolume> volume(int shardId);

    /**
     * The live mirrored shard of that id, for the protocol that keeps its replicas equal; its methods are called on its
     * loop. After a start it holds what it held, invisible, until the protocol opens it or takes it back.
     */
    Optional<ReplicaShard> replica(int shardId);

    /** What roots had of mirrored shards, for replicas that come back. */
    PinnedRoots pinnedRoots();

    /** The pool's copy at another place. */
    PoolTwin twin();

    /** Keeps the disk's present state. {@code snapshotId} was allocated by the caller, greater than any before. */
    void createSnapshot(int shardId, long snapshotId, String name, boolean pin, Loop loop, Answer answer);

    /** Lets a snapshot or pin go; none of that id is no error. */
    void deleteSnapshot(int shardId, long snapshotId, Loop loop, Answer answer);

    /** A read-only disk of a snapshot's bytes, on the loop of its volume. */
    void openSnapshot(int shardId, long snapshotId, Loop loop, OpenedSnapshot opened);

    /**
     * Ranges that changed between snapshot {@code sinceId} and now, in order; at most {@code limit}. A consistency
     * point comes first; of a pool that takes no changes any more it is the newest root.
     */
    void changesSince(int shardId, long sinceId, int limit, Loop loop, Changes changes);

    /** How everything is, measured at the newest root. */
    void status(Loop loop, Told told);

    /**
     * Flushes, makes a clean root, closes the devices and removes the memory, which holds nothing any more; the next
     * open replays nothing. Callers stop their clients first.
     */
    void stop(Loop loop, Runnable stopped);

    /**
     * Walks everything reachable from the newest root while the pool serves; {@code progress} is called now and
     * then.
     */
    void verify(Loop loop, VerifyProgress progress, Verified verified);

    /**
     * Digests of ranges of a snapshot, equal in two pools if its bytes are. An answer may have fewer ranges than were
     * asked for, and has one at least; it is empty if there is no such snapshot, or it ends before the first range.
     */
    void digests(int shardId, long snapshotId, TreeDigests.Ranges ranges, Loop loop, Consumer<Optional<Digested>> told);

    /**
     * Looks for a block's bytes with that checksum in what this pool keeps of a mirrored shard: as it is, then in its
     * snapshots and pins. Nothing is told if the pool keeps nothing any more.
     */
    void find(int shardId, long block, int checksum, Loop loop, Consumer<Found> told);

    /**
     * What was found of a block.
     *
     * @param isKnown whether some tree has a pointer with that checksum
     * @param bytes that it points to, 4096 of them; empty if they can't be read here either
     */
    record Found(boolean isKnown, Optional<ByteBuffer> bytes) {
        static final Found NOWHERE = new Found(false, Optional.empty());
    }

    /**
     * What is known of a snapshot's ranges.
     *
     * @param at of a mirrored shard: where it was made
     * @param sizeBytes of the shard then
     * @param digests in order
     */
    record Digested(SnapshotRecord.At at, long sizeBytes, List<TreeDigests.Digest> digests) {}

    /** How a change ended. */
    sealed interface Result {
        /** Durable. */
        record Done() implements Result {}

        /** Not done, and had no effect; one line that says why. */
        record Refused(String why) implements Result {}
    }

    /** Told how a change ended. */
    @FunctionalInterface
    interface Answer {
        /** The outcome. */
        void answer(Result result);
    }

    /** Told of an opened snapshot. */
    @FunctionalInterface
    interface OpenedSnapshot {
        /** Absent if there is no such snapshot. */
        void opened(Optional<BlockVolume> snapshot);
    }

    /** Told of changes. */
    @FunctionalInterface
    interface Changes {
        /**
         * Byte ranges in order; {@code complete} is false if the limit cut them. Absent snapshot: {@code found}
         * false.
         */
        void changes(boolean found, List<ByteRange> ranges, boolean complete);
    }

    /** A range of a disk in bytes. */
    record ByteRange(long offset, long lengthBytes) {}

    /** Told of the state. */
    @FunctionalInterface
    interface Told {
        /** The state. */
        void told(PoolStatus status);
    }

    /** Told of progress: blocks checked, and blocks in use. */
    @FunctionalInterface
    interface VerifyProgress {
        /** Called now and then. */
        void progress(long checkedBlocks, long usedBlocks);
    }

    /** Told what a verification found. */
    @FunctionalInterface
    interface Verified {
        /** One line per problem, at most 100; empty means sound. */
        void verified(List<String> problems, long checkedBlocks);
    }

    /**
     * State of a pool.
     *
     * @param poolId which
     * @param numbers cp, open counter, generation of the newest root
     * @param space in blocks of 4096 bytes
     * @param members the devices
     * @param shards the disks
     * @param replayed what opening took from the log
     * @param notes one line for people per thing that is not as it should be, worst first
     */
    record PoolStatus(
            Id128 poolId,
            Root.Number numbers,
            SpaceStatus space,
            List<MemberHealth> members,
            List<ShardStatus> shards,
            Replayed replayed,
            List<String> notes) {}

    /** Changes beyond the newest root that opening found in the log, 0 after a clean stop; and where, for people. */
    record Replayed(long changes, String from) {}

    /** Blocks: of the pool, in use by newest root and what it retains, allocatable now, dirty in memory. */
    record SpaceStatus(long totalBlocks, long usedBlocks, long freeBlocks, long logUsedBytes, long logBytes) {}

    /**
     * State of a disk.
     *
     * @param meta name, id, size
     * @param usedBlocks blocks its live tree reaches
     * @param epoch present epoch
     * @param appliedSeq newest change in the root
     * @param unreadableBlocks blocks found unreadable since the start
     * @param healedBlocks blocks written again since the start, with the bytes that another copy of the disk had
     * @param snapshots oldest first
     */
    record ShardStatus(
            ShardMeta meta,
            long usedBlocks,
            int epoch,
            long appliedSeq,
            long unreadableBlocks,
            long healedBlocks,
            List<SnapshotRecord> snapshots) {}
}
