package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;
import java.util.ArrayList;
import java.util.List;

/** A volume as the control plane knows it; {@code pools} has all that keep a copy, each of another node. */
public record VolumeInfo(Id128 id, String name, List<Id128> pools, int shard, long sizeBytes, Life life) {
    /** The first pool that keeps it; the only one if it is not mirrored. */
    public Id128 pool() {
        return pools.getFirst();
    }

    VolumeInfo with(Life next) {
        return new VolumeInfo(id, name, pools, shard, sizeBytes, next);
    }

    VolumeInfo withSize(long nextBytes) {
        return new VolumeInfo(id, name, pools, shard, nextBytes, life);
    }

    VolumeInfo withPool(Id128 pool) {
        List<Id128> more = new ArrayList<>(pools);
        more.add(pool);
        return new VolumeInfo(id, name, List.copyOf(more), shard, sizeBytes, life);
    }

    VolumeInfo without(Id128 pool) {
        return new VolumeInfo(
                id, name, pools.stream().filter(kept -> !kept.equals(pool)).toList(), shard, sizeBytes, life);
    }
}
