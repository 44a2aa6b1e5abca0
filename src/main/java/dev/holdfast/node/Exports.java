package dev.holdfast.node;

import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.Life;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.follow.FollowTerms;
import dev.holdfast.follow.Followed;
import dev.holdfast.follow.SessionName;
import dev.holdfast.frontend.nbd.NbdExports;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.World;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * The volumes that the control state exports and that can be reached here, for NBD: those of this node's pools, and
 * mirrored ones wherever they are. Whoever asks gets the present answer. It keeps what it gave out, so that clients of
 * an export that has gone can be told.
 */
final class Exports implements NbdExports {
    private final World world;
    private final Network peers;
    private final Supplier<ControlState> state;
    private final IntSupplier self;
    private final Pools pools;
    private final Supplier<Replicas> replicas;
    private final LinkedHashMap<Id128, BlockVolume> givenOut = new LinkedHashMap<>();
    private final LinkedHashMap<Id128, MirroredExport> mirrored = new LinkedHashMap<>();

    /** What this node has itself. */
    record Kept(Pools pools, Supplier<Replicas> replicas) {}

    /** {@code peers} reaches other nodes; {@code self} is this node's number. */
    Exports(World world, Network peers, Supplier<ControlState> state, IntSupplier self, Kept kept) {
        this.world = world;
        this.peers = peers;
        this.state = state;
        this.self = self;
        this.pools = kept.pools();
        this.replicas = kept.replicas();
    }

    @Override
    public Optional<BlockVolume> find(String name) {
        Optional<SessionName> path = SessionName.of(name);
        if (path.isPresent()) {
            return named(path.get().volume())
                    .filter(info -> state.get().isMirrored(info))
                    .flatMap(info -> mirrored(info).path(path.get()));
        }
        Optional<VolumeInfo> live = named(name);
        Optional<BlockVolume> volume = live.flatMap(this::volume);
        volume.ifPresent(given -> givenOut.put(live.orElseThrow().id(), given));
        return volume;
    }

    private Optional<VolumeInfo> named(String name) {
        List<VolumeInfo> exported = here();
        Optional<VolumeInfo> found = name.isEmpty() && exported.size() == 1
                ? Optional.of(exported.getFirst())
                : exported.stream().filter(info -> info.name().equals(name)).findFirst();
        return found.filter(info -> info.life() == Life.LIVE);
    }

    private Optional<BlockVolume> volume(VolumeInfo info) {
        return state.get().isMirrored(info)
                ? Optional.of(mirrored(info).followed(followed(info)))
                : pools.get(info.pool()).flatMap(pool -> pool.volume(info.shard()));
    }

    private MirroredExport mirrored(VolumeInfo info) {
        List<Loop> lanes = pools.lanes();
        MirroredExport export = mirrored.computeIfAbsent(
                info.id(), id -> new MirroredExport(lanes.get(info.shard() % lanes.size()), peers, world));
        see(export, info);
        return export;
    }

    private void see(MirroredExport export, VolumeInfo info) {
        export.hereIs(replicas.get().copy(info.shard()).map(Replicas.Copy::volume));
        export.nodesAre(elsewhere(info));
    }

    /** What is followed: a session of its own. */
    private Followed followed(VolumeInfo info) {
        Id128 session = new Id128(world.entropy().nextLong(), world.entropy().nextLong());
        return new Followed(info.name(), info.sizeBytes(), session, FollowTerms.DEFAULTS);
    }

    /** The other nodes that keep a copy, the primary's first. */
    private List<Network.Address> elsewhere(VolumeInfo info) {
        ControlState now = state.get();
        String primary = now.mirror(info).map(found -> found.primary()).orElse("");
        List<Network.Address> addresses = new ArrayList<>();
        for (Id128 pool : info.pools()) {
            NodeInfo node = now.node(now.pool(pool).orElseThrow().node()).orElseThrow();
            if (node.number() != self.getAsInt() && !node.disks().isEmpty()) {
                addresses.add(node.name().equals(primary) ? 0 : addresses.size(), Replicas.address(node.disks()));
            }
        }
        return addresses;
    }

    /** The control state has changed; returns volumes given out that are not exported any more, each once. */
    List<BlockVolume> changed() {
        List<BlockVolume> gone = new ArrayList<>();
        mirrored.entrySet().removeIf(each -> {
            Optional<VolumeInfo> exported = state.get()
                    .export(each.getKey())
                    .flatMap(protocol -> state.get().volume(each.getKey()));
            exported.ifPresentOrElse(info -> see(each.getValue(), info), each.getValue()::end);
            return exported.isEmpty();
        });
        for (Id128 id : List.copyOf(givenOut.keySet())) {
            if (state.get().export(id).isEmpty()) {
                gone.add(givenOut.remove(id));
            }
        }
        return gone;
    }

    /** Clients have gone; nothing is followed any more. */
    void stop() {
        mirrored.values().forEach(MirroredExport::end);
        mirrored.clear();
    }

    @Override
    public List<String> names() {
        return here().stream().map(VolumeInfo::name).toList();
    }

    /** Those that can be reached here. */
    private List<VolumeInfo> here() {
        ControlState now = state.get();
        return now.exported().stream()
                .filter(volume -> now.isMirrored(volume)
                        || now.pool(volume.pool()).orElseThrow().node() == self.getAsInt())
                .toList();
    }
}
