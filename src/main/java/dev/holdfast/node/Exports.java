package dev.holdfast.node;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.Life;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.frontend.nbd.NbdExports;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The volumes that the control state exports, for NBD. It keeps nothing: whoever asks gets the present answer. */
final class Exports implements NbdExports {
    private final Supplier<ControlState> state;
    private final Pools pools;

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
        return found.filter(info -> info.life() == Life.LIVE)
                .flatMap(info -> pools.get(info.pool()).flatMap(pool -> pool.volume(info.shard())));
    }

    @Override
    public List<String> names() {
        return state.get().exported().stream().map(VolumeInfo::name).toList();
    }
}
