package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import java.util.List;

/** A pool as the control plane knows it. */
public record PoolInfo(Id128 id, String name, List<String> paths, Protection protection, Life life) {
    PoolInfo with(Life next) {
        return new PoolInfo(id, name, paths, protection, next);
    }
}
