package dev.holdfast.frontend.http;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.PoolInfo;
import dev.holdfast.cluster.control.SnapshotInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.replica.CatchUp;
import dev.holdfast.store.Pool;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a node is, at one instant of its control loop.
 *
 * @param node who it is, and who else there is
 * @param clients what they may connect to, and how many have
 * @param pools pools, each with what it measured
 * @param volumes volumes in the order they were made
 * @param snapshots oldest first
 * @param exported volumes that may be reached, in the order they are listed to clients
 * @param mirrors the mirrored ones of {@code volumes}
 * @param condition what is not as it should be
 */
public record NodeStatus(
        Member node,
        Clients clients,
        List<PoolState> pools,
        List<VolumeInfo> volumes,
        List<SnapshotInfo> snapshots,
        List<VolumeInfo> exported,
        List<Mirror> mirrors,
        Condition condition) {
    /**
     * What is not as it should be, for people.
     *
     * @param notes one line for each thing
     * @param troubles what is wrong with volumes, nodes and disks at the moment, worst first
     */
    public record Condition(List<String> notes, List<Trouble> troubles) {}

    /**
     * Something that is wrong.
     *
     * @param about what it is wrong with: the same as long as it lasts
     * @param what a sentence without a full stop
     * @param sinceMillis since when, as far as this process knows: milliseconds since 1970 UTC
     */
    public record Trouble(String about, String what, long sinceMillis) {}

    /** What clients may connect to, as URIs without a volume, and how many are connected now. */
    public record Clients(List<String> endpoints, int connections) {}

    /** A mirrored volume: who keeps it, and its copy here, if there is one that runs. */
    public record Mirror(VolumeInfo volume, MirrorInfo known, Optional<Replica> here) {}

    /**
     * A copy that runs on this node.
     *
     * @param role what it is to its volume: {@code secondary}, {@code primary}, ...
     * @param held changes that it has, as a sequence number; so are the next three
     * @param visible up to which they are in the volume
     * @param stable up to which every copy in sync has them on stable storage, as far as is known here
     * @param durable up to which every copy of the volume has, as far as is known here
     * @param waits names of nodes whose copies lack what no log has any more; said by who serves
     * @param behind copies that this one brings up to date, if it serves
     */
    public record Replica(
            String role, long held, long visible, long stable, long durable, List<String> waits, List<Behind> behind) {}

    /** A copy on another node that is brought up to date. */
    public record Behind(String node, CatchUp how) {}

    /** Every mirrored volume of {@code state}; {@code here} has copies that run on this node, by shard. */
    public static List<Mirror> mirrors(ControlState state, Map<Integer, Replica> here) {
        List<Mirror> mirrors = new ArrayList<>();
        for (VolumeInfo volume : state.volumes()) {
            Optional<Replica> replica = Optional.ofNullable(here.get(volume.shard()));
            state.mirror(volume).ifPresent(known -> mirrors.add(new Mirror(volume, known, replica)));
        }
        return List.copyOf(mirrors);
    }

    /**
     * The process that answers, and every node that it knows.
     *
     * @param reached numbers of the other nodes that it has a link to now
     * @param leads whether it orders the records of the control log at present
     * @param drains nodes that are drained
     */
    public record Member(
            NodeInfo self,
            Id128 cluster,
            List<NodeInfo> nodes,
            List<Integer> reached,
            boolean leads,
            List<Draining> drains) {
        /** Whether {@code of} runs, as far as this process can tell. */
        boolean isReached(NodeInfo of) {
            return of.number() == self.number() || reached.contains(of.number());
        }
    }

    /** A node that is drained, and what is left there. */
    public record Draining(String node, List<Left> left) {}

    /** A volume that is left there, and what comes next; {@code stuck}: nothing, before somebody does something. */
    public record Left(VolumeInfo volume, String what, boolean stuck) {}

    /** The same, with what is wrong. */
    public NodeStatus with(List<Trouble> troubles) {
        Condition all = new Condition(condition.notes(), List.copyOf(troubles));
        return new NodeStatus(node, clients, pools, volumes, snapshots, exported, mirrors, all);
    }

    /** The node whose pool {@code pool} is. */
    public Optional<NodeInfo> nodeOf(PoolInfo pool) {
        return node.nodes().stream()
                .filter(found -> found.number() == pool.node())
                .findFirst();
    }

    /** A pool; {@code measured} is empty while it is not open. */
    public record PoolState(PoolInfo info, Optional<Pool.PoolStatus> measured) {}

    /** The exported volumes that are in pools of this node, and mirrored ones wherever they are. */
    public List<VolumeInfo> exportedHere() {
        return exported.stream()
                .filter(volume ->
                        mirrors.stream().anyMatch(mirror -> mirror.volume().equals(volume))
                                || pools(volume).stream()
                                        .anyMatch(pool -> pool.info().node()
                                                == node.self().number()))
                .toList();
    }

    /** The pools that keep {@code volume}. */
    List<PoolState> pools(VolumeInfo volume) {
        return pools.stream()
                .filter(pool -> volume.pools().contains(pool.info().id()))
                .toList();
    }

    /** The pool called {@code name}. */
    public Optional<PoolState> pool(String name) {
        return pools.stream().filter(pool -> pool.info().name().equals(name)).findFirst();
    }

    /** What the store measured of a volume. */
    public Optional<Pool.ShardStatus> shard(VolumeInfo volume) {
        return pools(volume).stream()
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
