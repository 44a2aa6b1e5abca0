package dev.holdfast.frontend.http;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.PoolInfo;
import dev.holdfast.cluster.control.SnapshotInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.store.Pool;
import java.util.List;
import java.util.Optional;

/**
 * How a node is, at one instant of its control loop.
 *
 * @param node who it is, and who else there is
 * @param endpoints what clients may connect to
 * @param pools pools, each with what it measured
 * @param volumes volumes in the order they were made
 * @param snapshots oldest first
 * @param exported volumes that may be reached, in the order they are listed to clients
 * @param connections clients connected now
 * @param notes one line for people per thing that is not as it should be
 */
public record NodeStatus(
        Member node,
        List<String> endpoints,
        List<PoolState> pools,
        List<VolumeInfo> volumes,
        List<SnapshotInfo> snapshots,
        List<VolumeInfo> exported,
        int connections,
        List<String> notes) {
    /** The process that answers, and every node that it knows. */
    public record Member(NodeInfo self, Id128 cluster, List<NodeInfo> nodes) {}

    /** The node whose pool {@code pool} is. */
    public Optional<NodeInfo> nodeOf(PoolInfo pool) {
        return node.nodes().stream()
                .filter(found -> found.number() == pool.node())
                .findFirst();
    }

    /** A pool; {@code measured} is empty while it is not open. */
    public record PoolState(PoolInfo info, Optional<Pool.PoolStatus> measured) {}

    /** The exported volumes that are in pools of this node. */
    public List<VolumeInfo> exportedHere() {
        return exported.stream()
                .filter(volume -> pools.stream()
                        .anyMatch(pool -> pool.info().id().equals(volume.pool())
                                && pool.info().node() == node.self().number()))
                .toList();
    }

    /** The pool called {@code name}. */
    public Optional<PoolState> pool(String name) {
        return pools.stream().filter(pool -> pool.info().name().equals(name)).findFirst();
    }

    /** What the store measured of a volume. */
    public Optional<Pool.ShardStatus> shard(VolumeInfo volume) {
        return pools.stream()
                .filter(pool -> pool.info().id().equals(volume.pool()))
                .flatMap(pool -> pool.measured().stream())
                .flatMap(measured -> measured.shards().stream())
                .filter(shard -> shard.meta().id() == volume.shard())
                .findFirst();
    }

    /** What a client pastes to reach {@code volume} at {@code endpoint}. */
    public static String uri(String endpoint, String volume) {
        int query = endpoint.indexOf('?');
        return query < 0 ? endpoint + "/" + volume : endpoint.substring(0, query) + volume + endpoint.substring(query);
    }
}
