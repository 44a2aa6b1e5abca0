package dev.holdfast.node;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Change;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.Execution;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.io.Loop;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.ShardMeta;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Carries out the controller's changes on this node's pools. It decides nothing. */
final class PoolExecution implements Execution {
    private final Loop control;
    private final Pools pools;
    private final Supplier<ControlState> state;
    private final Supplier<Replicas> replicas;
    private final Told told;
    private final LedChanges led;

    /**
     * What the rest of the node is told.
     *
     * @param changed after every change of the state, before it is answered
     * @param over when a later process of this node has started
     */
    record Told(Runnable changed, Runnable over) {}

    PoolExecution(Loop control, Pools pools, Supplier<ControlState> state, Supplier<Replicas> replicas, Told told) {
        this.control = control;
        this.pools = pools;
        this.state = state;
        this.replicas = replicas;
        this.told = told;
        this.led = new LedChanges(control, state, replicas);
    }

    @Override
    public void carryOut(Change change, Consumer<String> ended) {
        switch (change) {
            case Change.CreatePool c -> pools.create(c, cluster(), ended);
            case Change.CreateVolume c -> {
                ShardMeta meta =
                        new ShardMeta(c.shard(), c.volume().high(), c.volume().low(), c.name(), c.sizeBytes());
                on(pools.get(c.pool()), ended, pool -> pool.createShard(meta, control, telling(ended)));
            }
            case Change.CreateMirrored c -> {
                Id128 volume = c.volume();
                ShardMeta meta = new ShardMeta(c.shard(), volume.high(), volume.low(), c.name(), c.sizeBytes(), true);
                onVolume(volume, ended, (pool, shard) -> pool.createShard(meta, control, telling(ended)));
            }
            case Change.AddCopy c -> addCopy(c, ended);
            case Change.AtOnce _ -> ended.accept("");
            case Change.AcceptLoss c -> acceptLoss(c, ended);
            case Change.LeaveCopy c -> ended.accept("");
            case Change.ResizeVolume c ->
                onShard(
                        c,
                        c.volume(),
                        ended,
                        (pool, shard, answer) -> pool.resizeShard(shard, c.sizeBytes(), control, answer));
            case Change.DeleteVolume c -> onVolume(c.volume(), ended, (pool, shard) -> delete(pool, shard, ended));
            case Change.CreateSnapshot c ->
                onShard(
                        c,
                        c.volume(),
                        ended,
                        (pool, shard, answer) ->
                                pool.createSnapshot(shard, c.snapshot(), c.name(), false, control, answer));
            case Change.DeleteSnapshot c ->
                onShard(
                        c,
                        c.volume(),
                        ended,
                        (pool, shard, answer) -> pool.deleteSnapshot(shard, c.snapshot(), control, answer));
        }
    }

    private void acceptLoss(Change.AcceptLoss c, Consumer<String> ended) {
        Optional<VolumeInfo> volume = state.get().volume(c.volume());
        Optional<Replicas.Copy> copy = volume.flatMap(info -> replicas.get().copy(info.shard()));
        if (copy.isEmpty()) {
            ended.accept("the copy of this node does not run: its pool is not open");
        } else {
            new LossAcceptance(control, c, copy.get(), state, replicas.get()).run(ended);
        }
    }

    @Override
    public void recover(Change change, Consumer<String> ended) {
        switch (change) {
            case Change.AcceptLoss c -> ended.accept("the node was started again before it was done: look again");
            case Change.CreatePool c -> pools.create(c, cluster(), ended);
            case Change.CreateSnapshot c when !isMirrored(c.volume()) -> recoverSnapshot(c, ended);
            case Change.DeleteVolume c -> recoverDeletion(c, ended);
            default -> carryOut(change, ended);
        }
    }

    private boolean isMirrored(Id128 volume) {
        return state.get()
                .volume(volume)
                .filter(info -> state.get().isMirrored(info))
                .isPresent();
    }

    /** What goes through the shard's log: here and now, or, of a mirrored volume, by whoever leads. */
    private void onShard(Change change, Id128 volume, Consumer<String> ended, LedChanges.Work work) {
        if (isMirrored(volume)) {
            led.add(change, state.get().volume(volume).orElseThrow().shard(), work, ended);
        } else {
            onVolume(volume, ended, (pool, shard) -> work.run(pool, shard, telling(ended)));
        }
    }

    /** An empty copy; or, where one was kept before, that one. */
    private void addCopy(Change.AddCopy c, Consumer<String> ended) {
        VolumeInfo volume = state.get().volume(c.volume()).orElseThrow();
        Id128 id = volume.id();
        ShardMeta meta = new ShardMeta(volume.shard(), id.high(), id.low(), volume.name(), volume.sizeBytes(), true);
        on(pools.get(c.pool()), ended, pool -> {
            if (pool.replica(volume.shard()).isPresent()) {
                ended.accept("");
            } else {
                pool.createShard(meta, control, telling(ended));
            }
        });
    }

    /** A snapshot is of the moment it was asked for: one that was not taken then is not taken later. */
    private void recoverSnapshot(Change.CreateSnapshot c, Consumer<String> ended) {
        onVolume(
                c.volume(),
                ended,
                (pool, shard) -> pool.status(control, status -> {
                    boolean taken = status.shards().stream()
                            .filter(found -> found.meta().id() == shard)
                            .flatMap(found -> found.snapshots().stream())
                            .anyMatch(snapshot -> snapshot.id() == c.snapshot());
                    ended.accept(taken ? "" : "the node ended before the snapshot was taken: take it again");
                }));
    }

    private void recoverDeletion(Change.DeleteVolume c, Consumer<String> ended) {
        onVolume(c.volume(), ended, (pool, shard) -> {
            if (pool.volume(shard).isEmpty()) {
                ended.accept("");
            } else {
                delete(pool, shard, ended);
            }
        });
    }

    private void delete(Pool pool, int shard, Consumer<String> ended) {
        replicas.get().release(shard, pool, () -> pool.deleteShard(shard, control, telling(ended)));
    }

    @Override
    public void changed() {
        told.changed().run();
    }

    @Override
    public void over() {
        told.over().run();
    }

    private Id128 cluster() {
        return state.get().cluster().orElseThrow();
    }

    /** Something to do with a volume's pool. */
    private interface OnShard {
        void run(Pool pool, int shard);
    }

    private void onVolume(Id128 volume, Consumer<String> ended, OnShard task) {
        Optional<VolumeInfo> info = state.get().volume(volume);
        if (info.isEmpty()) {
            ended.accept("there is no such volume");
        } else {
            on(
                    replicas.get().poolHere(info.get()),
                    ended,
                    pool -> task.run(pool, info.get().shard()));
        }
    }

    private static void on(Optional<Pool> pool, Consumer<String> ended, Consumer<Pool> task) {
        if (pool.isEmpty()) {
            ended.accept("its pool is not open");
        } else {
            task.accept(pool.get());
        }
    }

    private static Pool.Answer telling(Consumer<String> ended) {
        return result -> {
            switch (result) {
                case Pool.Result.Done done -> ended.accept("");
                case Pool.Result.Refused refused -> ended.accept(refused.why());
            }
        };
    }
}
