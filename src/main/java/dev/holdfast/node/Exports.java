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
import java.util.function.Supplier;

/**
 * The volumes that the control state exports, for NBD: whoever asks gets the present answer. It keeps what it gave out,
 * so that clients of an export that has gone can be told.
 */
final class Exports implements NbdExports {
    private final Supplier<ControlState> state;
    private final Pools pools;
    private final LinkedHashMap<Id128, BlockVolume> givenOut = new LinkedHashMap<>();

    Exports(Supplier<ControlState> state, Pools pools) {
        this.state = state;
        this.pools = pools;
    }

    @Override
    public Optional<BlockVolume> find(String name) {
        List<VolumeInfo> exported = state.get().exported();
        Optional<VolumeInfo> found = name.isEmpty() && exported.size() == 1
                ? Optional.of(exported.getFirst())
                : exported.stream().filter(info -> info.name().equals(name)).findFirst();
        Optional<VolumeInfo> live = found.filter(info -> info.life() == Life.LIVE);
        Optional<BlockVolume> volume =
                live.flatMap(info -> pools.get(info.pool()).flatMap(pool -> pool.volume(info.shard())));
        volume.ifPresent(given -> givenOut.put(live.orElseThrow().id(), given));
        return volume;
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
        return state.get().exported().stream().map(VolumeInfo::name).toList();
    }
}
