package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import java.util.List;

/** A pool of node {@code node} as the control plane knows it. */
public record PoolInfo(Id128 id, int node, String name, List<String> paths, Protection protection, Life life) {
    PoolInfo with(Life next) {
        return new PoolInfo(id, node, name, paths, protection, next);
    }
}
