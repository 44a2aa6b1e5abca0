package dev.holdfast.node;

import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.PoolInfo;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.io.Loop;
import dev.holdfast.store.Pool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Asks every pool how it is, one after another. */
final class StatusRound {
    private final List<PoolInfo> infos;
    private final Pools pools;
    private final Loop control;
    private final List<NodeStatus.PoolState> found = new ArrayList<>();

    StatusRound(ControlState state, Pools pools, Loop control) {
        this.infos = state.pools();
        this.pools = pools;
        this.control = control;
    }

    void run(Consumer<List<NodeStatus.PoolState>> done) {
        if (found.size() == infos.size()) {
            done.accept(List.copyOf(found));
            return;
        }
        PoolInfo info = infos.get(found.size());
        Optional<Pool> pool = pools.get(info.id());
        if (pool.isEmpty()) {
            found.add(new NodeStatus.PoolState(info, Optional.empty()));
            run(done);
        } else {
            pool.get().status(control, status -> {
                found.add(new NodeStatus.PoolState(info, Optional.of(status)));
                run(done);
            });
        }
    }
}
