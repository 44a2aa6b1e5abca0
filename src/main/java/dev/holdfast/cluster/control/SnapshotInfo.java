package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;

/** A snapshot as the control plane knows it. */
public record SnapshotInfo(long id, Id128 volume, String name, Life life) {
    SnapshotInfo with(Life next) {
        return new SnapshotInfo(id, volume, name, next);
    }
}
