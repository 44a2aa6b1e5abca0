package dev.holdfast.node;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.PoolInfo;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Loop;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.ShardMeta;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Has a control log that was made anew know what the open pools have: volumes and snapshots. It changes nothing in a
 * pool. On the control loop.
 */
final class Adoption {
    private final Loop control;
    private final Entropy entropy;
    private final Controller controller;
    private final Pools pools;
    private final List<String> lines = new ArrayList<>();
    private final ArrayDeque<Operation> more = new ArrayDeque<>();

    Adoption(Loop control, Entropy entropy, Controller controller, Pools pools) {
        this.control = control;
        this.entropy = entropy;
        this.controller = controller;
        this.pools = pools;
    }

    /** Begins; {@code told} gets a line for each thing at the end. */
    void run(Consumer<List<String>> told) {
        Checks.that(control.isCurrent(), "the control log is written on its loop");
        look(new ArrayDeque<>(controller.state().pools()), told);
    }

    private void look(ArrayDeque<PoolInfo> left, Consumer<List<String>> told) {
        PoolInfo next = left.poll();
        if (next == null) {
            adopt(told);
            return;
        }
        Optional<Pool> pool = pools.get(next.id());
        if (pool.isEmpty()) {
            lines.add("pool " + next.name() + " is not open: nothing of it is known");
            look(left, told);
            return;
        }
        pool.get().status(control, status -> {
            status.shards().forEach(shard -> list(next, shard));
            controller.poolWentOn(next.id(), status.numbers().generation(), kept -> look(left, told));
        });
    }

    private void list(PoolInfo pool, Pool.ShardStatus shard) {
        ShardMeta meta = shard.meta();
        Id128 id = new Id128(meta.volumeIdHigh(), meta.volumeIdLow());
        boolean isTaken = more.stream()
                .anyMatch(other -> other instanceof Operation.AdoptVolume volume
                        && (volume.name().equals(meta.name()) || volume.volume().equals(id)));
        Id128 volume = isTaken ? new Id128(entropy.nextLong(), entropy.nextLong()) : id;
        String name = isTaken ? meta.name() + "-of-" + pool.name() : meta.name();
        more.add(new Operation.AdoptVolume(volume, name, pool.id(), meta.id(), meta.sizeBytes()));
        lines.add("volume " + name + ", " + meta.sizeBytes() + " bytes, " + shard.usedBlocks() + " blocks in use, "
                + shard.snapshots().size() + " snapshot(s), in pool " + pool.name()
                + (meta.mirrored() ? "; it was mirrored, and is a volume of this node alone now" : ""));
        shard.snapshots()
                .forEach(snapshot -> more.add(new Operation.AdoptSnapshot(volume, snapshot.id(), snapshot.name())));
    }

    private void adopt(Consumer<List<String>> told) {
        Operation next = more.poll();
        if (next == null) {
            told.accept(List.copyOf(lines));
            return;
        }
        controller.submit(new Id128(entropy.nextLong(), entropy.nextLong()), next, result -> {
            if (result instanceof Result.Refused refused) {
                lines.add("not known again: " + refused.why());
            }
            adopt(told);
        });
    }
}
