package dev.holdfast.node;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Life;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.PoolInfo;
import dev.holdfast.cluster.control.ShardDecisions;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldException;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ReplicaProcess;
import dev.holdfast.mirror.wire.Door;
import dev.holdfast.mirror.wire.LinkIdentity;
import dev.holdfast.mirror.wire.Links;
import dev.holdfast.mirror.wire.Peer;
import dev.holdfast.replica.LoneGate;
import dev.holdfast.replica.PrimaryVolume;
import dev.holdfast.replica.ReplicaEvent;
import dev.holdfast.replica.RunningReplica;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.ReplicaShard;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The copies of mirrored volumes that this node keeps: the links to other nodes, and a replica for each copy, from when
 * it is made until its volume goes. It follows the control state and decides nothing. On the control loop; each replica
 * lives on the loop of its shard.
 */
final class Replicas {
    /** Into how many channels shards are divided, on all nodes; lanes are a divisor of it, so each has its channels. */
    static final int CHANNELS = 8;

    /** By then links are up to whoever runs and can be reached, or never. */
    private static final long MEETING_NANOS = 10_000_000_000L;

    private final World world;
    private final PeerNetwork network;
    private final Loop control;
    private final Pools pools;
    private final Controller controller;
    private final Events events;
    private final List<Links> links = new ArrayList<>();
    private final TreeMap<Integer, Copy> copies = new TreeMap<>();
    /** Shards that were taken from their protocol, until they are deleted. */
    private final TreeSet<Integer> alone = new TreeSet<>();

    private Optional<Door> door = Optional.empty();
    private List<Peer> met = List.of();
    private boolean hasMet;
    private final List<Runnable> meeting = new ArrayList<>();

    /** A copy of a shard. Its replica is used on the shard's loop only. */
    record Copy(ReplicaShard shard, RunningReplica replica, PrimaryVolume volume, Kept kept) {}

    /** Who keeps a shard, ascending, and whose copies are to be taken away. */
    record Kept(List<Integer> nodes, List<Integer> leaving) {}

    /** Without links until {@link #open}. */
    Replicas(World world, PeerNetwork network, Loop control, Pools pools, Controller controller, Events events) {
        this.events = events;
        this.world = world;
        this.network = network;
        this.control = control;
        this.pools = pools;
        this.controller = controller;
    }

    /** Lets other nodes in; returns where. Once, after the controller's start. */
    Network.Address open(Network.Address at) throws WorldException {
        Checks.that(control.isCurrent() && door.isEmpty(), "links are opened once", links.size());
        NodeInfo self = controller.self();
        List<Loop> lanes = pools.lanes();
        Checks.that(CHANNELS % lanes.size() == 0, "every lane has its channels", lanes.size());
        Id128 cluster = controller.state().cluster().orElseThrow();
        LinkIdentity identity = new LinkIdentity(cluster, self.number(), self.incarnation(), CHANNELS);
        met = peers();
        for (int channel = 0; channel < CHANNELS; channel++) {
            Loop lane = lanes.get(channel % lanes.size());
            Links made = new Links(identity, channel, lane, world.clock(), network.network(), met);
            links.add(made);
            lane.post(made::start);
        }
        Door opened = new Door(identity, control, links);
        Network.Address address = opened.listen(network.network(), at);
        door = Optional.of(opened);
        control.after(MEETING_NANOS, () -> {
            hasMet = true;
            meeting.forEach(Runnable::run);
            meeting.clear();
        });
        changed();
        return address;
    }

    /** Whether who is not {@link #reached} is not there, or cut off; not so when this node has just started. */
    boolean hasMet() {
        return hasMet;
    }

    /** Runs {@code then} when {@link #hasMet}; at once, if that is so. */
    void whenMet(Runnable then) {
        if (hasMet) {
            then.run();
        } else {
            meeting.add(then);
        }
    }

    private List<Peer> peers() {
        List<Peer> peers = new ArrayList<>();
        for (NodeInfo node : controller.state().nodes()) {
            if (node.number() != controller.self().number() && !node.links().isEmpty()) {
                peers.add(new Peer(node.number(), address(node.links()), proof(node)));
            }
        }
        return peers;
    }

    private String proof(NodeInfo node) {
        return network.proves() ? node.id().toString() : "";
    }

    /** An address as records have it: host:port. */
    static Network.Address.Tcp address(String words) {
        int colon = words.lastIndexOf(':');
        return new Network.Address.Tcp(words.substring(0, colon), Integer.parseInt(words.substring(colon + 1)));
    }

    /** The control state has changed: meets new nodes, starts replicas of new copies, ends those that went. */
    void changed() {
        if (door.isEmpty()) {
            return;
        }
        List<Peer> peers = peers();
        if (!peers.equals(met)) {
            met = peers;
            links.forEach(channel -> channel.loop().post(() -> peers.forEach(channel::meet)));
        }
        for (VolumeInfo volume : controller.state().volumes()) {
            if (isKeptHere(volume) && !copies.containsKey(volume.shard())) {
                poolHere(volume).flatMap(pool -> pool.replica(volume.shard())).ifPresent(shard -> start(volume, shard));
            }
            copy(volume.shard()).filter(copy -> isKeptHere(volume)).ifPresent(copy -> keptBy(volume, copy));
        }
        for (int shard : List.copyOf(copies.keySet())) {
            List<VolumeInfo> of = controller.state().volumes().stream()
                    .filter(volume -> volume.shard() == shard)
                    .toList();
            boolean staysOpen = of.stream().anyMatch(this::isKept);
            boolean goesOn = of.stream()
                    .anyMatch(volume -> controller.state().isMirrored(volume) && volume.life() != Life.GOING);
            if (goesOn && !staysOpen) {
                remove(shard);
            } else if (of.stream().noneMatch(this::isKeptHere)) {
                end(shard);
            }
        }
        openAlone();
    }

    /** What were copies of mirrored volumes, and are volumes alone now, can be used as such. */
    void openAlone() {
        controller.state().volumes().forEach(this::openIfAlone);
    }

    private void openIfAlone(VolumeInfo volume) {
        Optional<Pool> pool =
                poolHere(volume).filter(found -> !controller.state().isMirrored(volume) && isKept(volume));
        if (pool.flatMap(found -> found.replica(volume.shard())).isPresent() && !alone.contains(volume.shard())) {
            release(volume.shard(), pool.get(), () -> {});
        }
    }

    /** The copy that runs here was taken away, and counts no more; what it has stays, for one that comes back. */
    private void remove(int shard) {
        ReplicaShard left = copy(shard).orElseThrow().shard();
        end(shard);
        left.shard().loop().post(() -> LoneGate.leave(left));
    }

    private boolean isKeptHere(VolumeInfo volume) {
        return controller.state().isMirrored(volume) && isKept(volume);
    }

    private boolean isKept(VolumeInfo volume) {
        return volume.life() != Life.GOING
                && nodesOf(volume).contains(controller.self().number());
    }

    private List<Integer> nodesOf(VolumeInfo volume) {
        ControlState now = controller.state();
        return volume.pools().stream()
                .map(pool -> now.pool(pool).orElseThrow().node())
                .sorted()
                .toList();
    }

    private Kept keptOf(VolumeInfo volume) {
        return new Kept(nodesOf(volume), controller.state().leaving(volume));
    }

    /** The pool of this node that has, or had, a copy of the volume, if it is open. */
    Optional<Pool> poolHere(VolumeInfo volume) {
        int self = controller.self().number();
        return volume.pools().stream()
                .map(pool -> controller.state().pool(pool).orElseThrow())
                .filter(pool -> pool.node() == self)
                .map(PoolInfo::id)
                .findFirst()
                .flatMap(pools::get);
    }

    /** Tells people something about a volume. */
    void tell(String volume, String what) {
        events.add(volume, what);
    }

    private void happened(VolumeInfo volume, ReplicaEvent event) {
        Optional<NodeStatus.Behind> caughtUp = event instanceof ReplicaEvent.CatchUpEnded ended && ended.inSync()
                ? Optional.of(new NodeStatus.Behind(nameOf(ended.was().node()), ended.was()))
                : Optional.empty();
        events.add(volume.name(), new News(this::nameOf).of(event), caughtUp);
    }

    private String nameOf(int node) {
        return controller.state().nodes().stream()
                .filter(info -> info.number() == node)
                .map(NodeInfo::name)
                .findFirst()
                .orElse("?");
    }

    private void start(VolumeInfo volume, ReplicaShard shard) {
        Optional<ShardDecisions> decisions = controller.decisions(volume.shard());
        Optional<Pool> pool = poolHere(volume);
        if (decisions.isEmpty() || pool.isEmpty()) {
            return;
        }
        RunningReplica.Place place =
                new RunningReplica.Place(volume.shard(), controller.self().number(), nodesOf(volume));
        Links channel = links.get(volume.shard() % CHANNELS);
        ReplicaProcess.Decided decided =
                new ReplicaProcess.Decided(decisions.get(), decisions.get().authority());
        RunningReplica.World around = new RunningReplica.World(world.clock(), channel, decided);
        PrimaryVolume disk = new PrimaryVolume(shard.shard());
        long memory = pool.get().id().low() ^ pool.get().wholeSince();
        long nonce = world.entropy().nextLong();
        RunningReplica replica = new RunningReplica(place, shard, pool.get(), around, disk);
        Kept kept = keptOf(volume);
        copies.put(volume.shard(), new Copy(shard, replica, disk, kept));
        alone.remove(volume.shard()); // Another shard of that number was, in the same pool, before it was deleted.
        replica.listen(event -> control.post(() -> happened(volume, event)));
        shard.shard().loop().post(() -> {
            replica.keptBy(kept.nodes(), kept.leaving());
            replica.start(memory, nonce);
        });
    }

    /** The volume may have got copies, or lost some. */
    private void keptBy(VolumeInfo volume, Copy copy) {
        Kept now = keptOf(volume);
        if (!now.equals(copy.kept()) && isKept(volume)) {
            copies.put(volume.shard(), new Copy(copy.shard(), copy.replica(), copy.volume(), now));
            copy.volume().loop().post(() -> copy.replica().keptBy(now.nodes(), now.leaving()));
        }
    }

    /** The copy that this node keeps of a shard, if it keeps one. */
    Optional<Copy> copy(int shard) {
        return Optional.ofNullable(copies.get(shard));
    }

    /** The pool that has the copy of this shard, if it is open. */
    Optional<Pool> pool(int shard) {
        return controller.state().volumes().stream()
                .filter(volume -> volume.shard() == shard)
                .findFirst()
                .flatMap(this::poolHere);
    }

    /** What the replicas here are at the moment, by shard. */
    void status(Consumer<Map<Integer, NodeStatus.Replica>> told) {
        TreeMap<Integer, NodeStatus.Replica> found = new TreeMap<>();
        statusNext(new ArrayDeque<>(copies.entrySet()), found, told);
    }

    private void statusNext(
            ArrayDeque<Map.Entry<Integer, Copy>> more,
            TreeMap<Integer, NodeStatus.Replica> found,
            Consumer<Map<Integer, NodeStatus.Replica>> told) {
        Map.Entry<Integer, Copy> next = more.poll();
        if (next == null) {
            told.accept(found);
            return;
        }
        Copy copy = next.getValue();
        List<NodeInfo> nodes = controller.state().nodes();
        copy.volume().loop().post(() -> {
            Optional<NodeStatus.Replica> is = copy.replica().replica().map(replica -> status(copy, replica, nodes));
            control.post(() -> {
                is.ifPresent(replica -> found.put(next.getKey(), replica));
                statusNext(more, found, told);
            });
        });
    }

    /** On the copy's loop. */
    private static NodeStatus.Replica status(Copy copy, Replica replica, List<NodeInfo> nodes) {
        List<Integer> waits = replica.beyondReplay();
        return new NodeStatus.Replica(
                replica.role().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                copy.shard().heldSeq(),
                copy.shard().visibleSeq(),
                replica.shard().stable(),
                replica.shard().durable(),
                nodes.stream()
                        .filter(node -> waits.contains(node.number()))
                        .map(NodeInfo::name)
                        .toList(),
                copy.replica().catchUps().stream()
                        .flatMap(how -> nodes.stream()
                                .filter(node -> node.number() == how.node())
                                .map(node -> new NodeStatus.Behind(node.name(), how)))
                        .toList());
    }

    /** Numbers of the nodes to which some link is up. */
    void reached(Consumer<List<Integer>> told) {
        reachedNext(new ArrayDeque<>(links), new TreeSet<>(), told);
    }

    private void reachedNext(ArrayDeque<Links> more, TreeSet<Integer> found, Consumer<List<Integer>> told) {
        Links next = more.poll();
        if (next == null) {
            told.accept(List.copyOf(found));
            return;
        }
        List<Peer> peers = met;
        next.loop().post(() -> {
            List<Integer> up = peers.stream()
                    .map(Peer::node)
                    .filter(node -> next.status(node).up())
                    .toList();
            control.post(() -> {
                found.addAll(up);
                reachedNext(more, found, told);
            });
        });
    }

    private void end(int shard) {
        Copy copy = copies.remove(shard);
        if (copy != null) {
            copy.shard().shard().loop().post(() -> copy.replica().end());
        }
    }

    /** A copy is about to be deleted: it has no replica from now on, and takes that as a volume alone would. */
    void release(int shard, Pool pool, Runnable then) {
        end(shard);
        Optional<ReplicaShard> found = pool.replica(shard).filter(copy -> alone.add(shard));
        if (found.isEmpty()) {
            then.run();
            return;
        }
        found.get().shard().loop().post(() -> {
            LoneGate.openFor(found.get());
            control.post(then);
        });
    }

    /** Every replica ends: others lead from now on, and clients here can still follow them. */
    void endAll() {
        List.copyOf(copies.keySet()).forEach(this::end);
    }

    /** The links end. */
    void stop() {
        door.ifPresent(Door::close);
        endAll();
        links.forEach(channel -> channel.loop().post(channel::stop));
    }
}
