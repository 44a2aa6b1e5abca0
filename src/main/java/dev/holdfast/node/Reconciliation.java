package dev.holdfast.node;

import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.PoolInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.io.Loop;
import dev.holdfast.store.Pool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Compares what the control state and the pools say of volumes, when pools were just opened: then their newest roots
 * have everything. Volumes with an open change, which ends later, are left out. It mends nothing.
 */
final class Reconciliation {
    private final ControlState state;
    private final Pools pools;
    private final Loop control;
    private final List<String> differences = new ArrayList<>();

    Reconciliation(ControlState state, Pools pools, Loop control) {
        this.state = state;
        this.pools = pools;
        this.control = control;
    }

    /** {@code done} is told one line for each difference. */
    void run(Consumer<List<String>> done) {
        compareNext(state.pools(), 0, done);
    }

    private void compareNext(List<PoolInfo> infos, int index, Consumer<List<String>> done) {
        if (index == infos.size()) {
            done.accept(List.copyOf(differences));
            return;
        }
        Optional<Pool> pool = pools.get(infos.get(index).id());
        if (pool.isEmpty()) {
            compareNext(infos, index + 1, done);
        } else {
            pool.get().status(control, status -> {
                compare(infos.get(index), status);
                compareNext(infos, index + 1, done);
            });
        }
    }

    private void compare(PoolInfo info, Pool.PoolStatus status) {
        TreeMap<Integer, Pool.ShardStatus> stored = new TreeMap<>();
        status.shards().forEach(shard -> stored.put(shard.meta().id(), shard));
        for (VolumeInfo volume : state.volumes()) {
            if (volume.pools().contains(info.id())) {
                Optional<Pool.ShardStatus> shard = Optional.ofNullable(stored.remove(volume.shard()));
                if (!state.isBeingChanged(volume.id())) {
                    compare(info, volume, shard);
                }
            }
        }
        stored.values()
                .forEach(shard -> differences.add("pool " + info.name() + " holds volume "
                        + shard.meta().name() + " (shard " + shard.meta().id()
                        + "), which the control log does not know"));
    }

    private void compare(PoolInfo info, VolumeInfo volume, Optional<Pool.ShardStatus> shard) {
        if (shard.isEmpty()) {
            differences.add("pool " + info.name() + " does not hold volume " + volume.name());
            return;
        }
        long storedBytes = shard.get().meta().sizeBytes();
        if (storedBytes != volume.sizeBytes()) {
            differences.add("volume " + volume.name() + " has " + storedBytes + " bytes, the control log says "
                    + volume.sizeBytes());
        }
        long known = state.snapshots(volume.id()).size();
        if (known != shard.get().snapshots().size()) {
            differences.add("volume " + volume.name() + " has "
                    + shard.get().snapshots().size() + " snapshots, the control log says " + known);
        }
    }
}
