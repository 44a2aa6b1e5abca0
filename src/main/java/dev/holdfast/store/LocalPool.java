package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.store.lane.ControlDone;
import dev.holdfast.store.lane.Lane;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.lane.Shard;
import dev.holdfast.store.lane.ShardMeta;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.verify.TreeDigests;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * An open pool of this process: hands every call to the loop it belongs on. It decides nothing itself.
 *
 * <p>The disks by shard are kept in a map that is never changed, only replaced, by the committer's loop; so any
 * loop may look.
 */
final class LocalPool implements Pool {
    private final OpenPlan plan;
    private final Committer committer;
    private final List<Lane> lanes;
    private final LaneMemory memory;
    private final Rebuilding rebuilding;
    private final PoolEvents events;
    private final PoolInquiry inquiry;
    private final PinnedRoots pinnedRoots;
    private final PoolTwin twin;
    private volatile TreeMap<Integer, BlockVolume> volumes = new TreeMap<>();

    LocalPool(
            OpenPlan plan,
            Committer committer,
            List<Lane> lanes,
            LaneMemory memory,
            PoolEvents events,
            Rebuilding rebuilding) {
        this.plan = plan;
        this.committer = committer;
        this.lanes = lanes;
        this.memory = memory;
        this.rebuilding = rebuilding;
        this.events = events;
        this.inquiry = new PoolInquiry(committer);
        this.pinnedRoots = new PinnedRoots(committer);
        this.twin = new PoolTwin(committer, () -> volumes = new TreeMap<>());
    }

    /** Learns the disks the lanes have; {@code then} runs on the committer's loop. */
    void learnVolumes(Runnable then) {
        Checks.that(committer.commits().isPresent(), "the pool serves");
        List<Integer> left = new ArrayList<>(committer.core().shards.keySet());
        learnNext(left, then);
    }

    private void learnNext(List<Integer> left, Runnable then) {
        if (left.isEmpty()) {
            then.run();
            return;
        }
        int id = left.removeLast();
        onLane(id, (lane, loop) -> {
            Optional<Shard> shard = lane.shard(id);
            committer.loop().post(() -> {
                shard.ifPresent(this::put);
                learnNext(left, then);
            });
        });
    }

    @Override
    public Id128 id() {
        return committer.roots().newest().poolId();
    }

    @Override
    public long wholeSince() {
        return committer.roots().newest().number().wholeSince();
    }

    @Override
    public void createShard(ShardMeta meta, Loop loop, Answer answer) {
        if (meta.mirrored()) {
            committer.loop().post(() -> committer.keepRoomForTails(() -> create(meta, loop, answer)));
        } else {
            create(meta, loop, answer);
        }
    }

    private void create(ShardMeta meta, Loop loop, Answer answer) {
        onLane(
                meta.id(),
                (lane, laneLoop) -> lane.createShard(meta, status -> {
                    Optional<Shard> shard = lane.shard(meta.id());
                    committer.loop().post(() -> {
                        shard.filter(found -> status == Status.OK).ifPresent(this::put);
                        answerOn(loop, answer, status);
                    });
                }));
    }

    @Override
    public void deleteShard(int shardId, Loop loop, Answer answer) {
        onLane(
                shardId,
                (lane, laneLoop) -> lane.deleteShard(
                        shardId,
                        status -> committer.loop().post(() -> {
                            if (status == Status.OK) {
                                TreeMap<Integer, BlockVolume> without = new TreeMap<>(volumes);
                                without.remove(shardId);
                                volumes = without;
                                committer.checkpointWanted("delete");
                            }
                            answerOn(loop, answer, status);
                        })));
    }

    @Override
    public void resizeShard(int shardId, long sizeBytes, Loop loop, Answer answer) {
        onLane(shardId, (lane, laneLoop) -> lane.resizeShard(shardId, sizeBytes, telling(loop, answer)));
    }

    @Override
    public Optional<BlockVolume> volume(int shardId) {
        return Optional.ofNullable(volumes.get(shardId));
    }

    @Override
    public Optional<ReplicaShard> replica(int shardId) {
        return volumes.get(shardId) instanceof Shard shard ? shard.replica() : Optional.empty();
    }

    @Override
    public PoolTwin twin() {
        return twin;
    }

    @Override
    public PinnedRoots pinnedRoots() {
        return pinnedRoots;
    }

    @Override
    public void createSnapshot(int shardId, long snapshotId, String name, boolean pin, Loop loop, Answer answer) {
        onLane(shardId, (lane, laneLoop) -> lane.createSnapshot(shardId, snapshotId, pin, name, telling(loop, answer)));
    }

    @Override
    public void deleteSnapshot(int shardId, long snapshotId, Loop loop, Answer answer) {
        onLane(shardId, (lane, laneLoop) -> lane.deleteSnapshot(shardId, snapshotId, telling(loop, answer)));
    }

    @Override
    public void openSnapshot(int shardId, long snapshotId, Loop loop, OpenedSnapshot opened) {
        committer.loop().post(() -> {
            Optional<SnapshotRecord> found = snapshot(shardId, snapshotId);
            if (found.isEmpty()) {
                loop.post(() -> opened.opened(Optional.empty()));
                return;
            }
            SnapshotRecord record = found.get();
            onLane(shardId, (lane, laneLoop) -> {
                BlockVolume view =
                        lane.openSnapshot(shardId, record.tree(), record.taken().sizeBytes());
                loop.post(() -> opened.opened(Optional.of(view)));
            });
        });
    }

    @Override
    public void changesSince(int shardId, long sinceId, int limit, Loop loop, Changes changes) {
        committer.loop().post(() -> {
            Runnable ask = () -> changesInRoot(shardId, sinceId, limit, loop, changes);
            if (committer.failure().isPresent()) {
                ask.run();
            } else {
                committer.checkpoint("changes", ask);
            }
        });
    }

    private void changesInRoot(int shardId, long sinceId, int limit, Loop loop, Changes changes) {
        Optional<SnapshotRecord> since = snapshot(shardId, sinceId);
        ShardState shard = committer.core().shards.get(shardId);
        if (since.isEmpty() || shard == null) {
            loop.post(() -> changes.changes(false, List.of(), true));
        } else {
            inquiry.changes(
                    since.get().tree(),
                    shardId,
                    limit,
                    (ranges, complete) -> loop.post(() -> changes.changes(true, ranges, complete)));
        }
    }

    @Override
    public void status(Loop loop, Told told) {
        committer.loop().post(() -> {
            PoolStatus status = inquiry.status(events, rebuilding);
            loop.post(() -> told.told(status));
        });
    }

    @Override
    public void stop(Loop loop, Runnable stopped) {
        committer.loop().post(() -> committer.commits().ifPresent(GroupCommit::stopsWaiting));
        stopLane(0, () -> {
            Runnable close = () -> rebuilding.stop(() -> {
                committer.twin().close();
                committer.core().array.close();
                memory.close();
                loop.post(stopped);
            });
            if (committer.failure().isPresent()) {
                close.run();
            } else {
                committer.cleanCheckpoint(() -> {
                    if (committer.isClean()) {
                        memory.remove();
                    }
                    close.run();
                });
                committer.whenFailed(close);
            }
        });
    }

    private void stopLane(int index, Runnable then) {
        if (index == lanes.size()) {
            committer.loop().post(then);
        } else {
            plan.lanes().get(index).post(() -> lanes.get(index).stop(() -> stopLane(index + 1, then)));
        }
    }

    @Override
    public void verify(Loop loop, VerifyProgress progress, Verified verified) {
        committer
                .loop()
                .post(() -> inquiry.verify(
                        (checked, used) -> loop.post(() -> progress.progress(checked, used)),
                        (problems, checked) -> loop.post(() -> verified.verified(problems, checked))));
    }

    @Override
    public void digests(
            int shardId, long snapshotId, TreeDigests.Ranges ranges, Loop loop, Consumer<Optional<Digested>> told) {
        SnapshotDigests.ask(committer, shardId, snapshotId, ranges, loop, told);
    }

    @Override
    public void find(int shardId, long block, int checksum, Loop loop, Consumer<Found> told) {
        committer.loop().post(() -> committer.mending().find(shardId, block, checksum, loop, told));
    }

    private Optional<SnapshotRecord> snapshot(int shardId, long snapshotId) {
        Checks.that(committer.loop().isCurrent(), "on the committer's loop");
        ShardState shard = committer.core().shards.get(shardId);
        if (shard == null) {
            return Optional.empty();
        }
        if (snapshotId < 0) {
            return shard.snapshots.ofRoot(-snapshotId);
        }
        int index = shard.snapshots.indexOf(snapshotId);
        return index < 0
                ? Optional.empty()
                : Optional.of(shard.snapshots.records().get(index));
    }

    private void put(Shard shard) {
        Checks.that(committer.loop().isCurrent(), "disks are learnt on the committer's loop", shard.id());
        TreeMap<Integer, BlockVolume> with = new TreeMap<>(volumes);
        with.put(shard.id(), shard);
        volumes = with;
    }

    private void onLane(int shardId, BiConsumer<Lane, Loop> task) {
        Checks.that(shardId > 0, "shards are numbered from 1", shardId);
        int index = Recovery.laneOf(shardId, lanes.size());
        Loop laneLoop = plan.lanes().get(index);
        laneLoop.post(() -> task.accept(lanes.get(index), laneLoop));
    }

    private static ControlDone telling(Loop loop, Answer answer) {
        return status -> answerOn(loop, answer, status);
    }

    private static void answerOn(Loop loop, Answer answer, Status status) {
        Result result = status == Status.OK ? new Result.Done() : new Result.Refused(words(status));
        loop.post(() -> answer.answer(result));
    }

    private static String words(Status status) {
        return switch (status) {
            case OK -> "done";
            case IO_ERROR -> "the pool could not keep it (device error)";
            case NO_SPACE -> "the pool has no room";
            case INVALID -> "there is no such volume";
            case READ_ONLY -> "the pool takes no changes any more";
            case SHUTDOWN -> "the node is stopping";
            case MOVED -> "another node speaks for the volume now: ask again";
        };
    }
}
