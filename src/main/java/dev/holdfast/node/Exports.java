package dev.holdfast.node;

import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.Life;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.frontend.nbd.NbdExports;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * The volumes that the control state exports and this node has, for NBD: whoever asks gets the present answer. It keeps
 * what it gave out, so that clients of an export that has gone can be told.
 */
final class Exports implements NbdExports {
    private final Supplier<ControlState> state;
    private final IntSupplier self;
    private final Pools pools;
    private final Supplier<Replicas> replicas;
    private final LinkedHashMap<Id128, BlockVolume> givenOut = new LinkedHashMap<>();

    /** {@code self} is this node's number. */
    Exports(Supplier<ControlState> state, IntSupplier self, Pools pools, Supplier<Replicas> replicas) {
        this.state = state;
        this.self = self;
        this.pools = pools;
        this.replicas = replicas;
    }

    @Override
    public Optional<BlockVolume> find(String name) {
        List<VolumeInfo> exported = here();
        Optional<VolumeInfo> found = name.isEmpty() && exported.size() == 1
                ? Optional.of(exported.getFirst())
                : exported.stream().filter(info -> info.name().equals(name)).findFirst();
        Optional<VolumeInfo> live = found.filter(info -> info.life() == Life.LIVE);
        Optional<BlockVolume> volume = live.flatMap(this::volume);
        volume.ifPresent(given -> givenOut.put(live.orElseThrow().id(), given));
        return volume;
    }

    private Optional<BlockVolume> volume(VolumeInfo info) {
        return state.get().isMirrored(info)
                ? replicas.get().copy(info.shard()).map(Replicas.Copy::volume)
                : pools.get(info.pool()).flatMap(pool -> pool.volume(info.shard()));
    }

    /** The volumes given out that are not exported any more, each once. */
    List<BlockVolume> gone() {
        List<BlockVolume> gone = new ArrayList<>();
        for (Id128 id : List.copyOf(givenOut.keySet())) {
            if (state.get().export(id).isEmpty()) {
                gone.add(givenOut.remove(id));
            }
        }
        return gone;
    }

    @Override
    public List<String> names() {
        return here().stream().map(VolumeInfo::name).toList();
    }

    /** Those of them that are in pools of this node. */
    private List<VolumeInfo> here() {
        ControlState now = state.get();
        return now.exported().stream()
                .filter(volume -> now.isMirrored(volume)
                        || now.pool(volume.pool()).orElseThrow().node() == self.getAsInt())
                .toList();
    }
}
