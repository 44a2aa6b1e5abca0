package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;

/** A volume as the control plane knows it. */
public record VolumeInfo(Id128 id, String name, Id128 pool, int shard, long sizeBytes, Life life) {
    VolumeInfo with(Life next) {
        return new VolumeInfo(id, name, pool, shard, sizeBytes, next);
    }

    VolumeInfo withSize(long nextBytes) {
        return new VolumeInfo(id, name, pool, shard, nextBytes, life);
    }
}
