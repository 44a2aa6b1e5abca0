package dev.holdfast.node;

import dev.holdfast.cluster.control.Change;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.Life;
import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.PoolInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.mirror.ReplicaSet;
import java.util.List;
import java.util.Optional;

/**
 * What is left on a node that is drained, and what comes next with each volume. It looks at nothing but the control
 * state and at who is reached, and proposes nothing: whoever looks at the same state sees the same step.
 */
final class DrainSteps {
    private final ControlState state;
    private final List<Integer> reached;

    /** {@code reached} are the numbers of the nodes that run, as far as is known. */
    DrainSteps(ControlState state, List<Integer> reached) {
        this.state = state;
        this.reached = reached;
    }

    /** What comes next. */
    sealed interface Step {
        /** A copy elsewhere. */
        record Add(Operation.AddCopy operation) implements Step {}

        /** The copy goes: as many others as the volume had are in sync. */
        record Take(Operation.RemoveCopy operation) implements Step {}

        /** Nothing now: it goes on by itself. */
        record Waits(String why) implements Step {}

        /** Nothing before somebody does something. */
        record Stuck(String why) implements Step {}
    }

    /** A volume that the node still has. */
    record Left(VolumeInfo volume, Step step) {}

    /** Everything that is left there, in the order in which it was made. */
    List<Left> of(NodeInfo node) {
        return state.volumes().stream()
                .flatMap(volume ->
                        poolOn(volume, node.number()).stream().map(pool -> new Left(volume, step(volume, pool, node))))
                .toList();
    }

    private Optional<PoolInfo> poolOn(VolumeInfo volume, int node) {
        return pools(volume).stream().filter(pool -> pool.node() == node).findFirst();
    }

    private List<PoolInfo> pools(VolumeInfo volume) {
        return volume.pools().stream().flatMap(id -> state.pool(id).stream()).toList();
    }

    private Step step(VolumeInfo volume, PoolInfo from, NodeInfo node) {
        if (state.isBeingChanged(volume.id()) || volume.life() != Life.LIVE) {
            return whileItChanges(volume);
        }
        if (!state.isMirrored(volume)) {
            return new Step.Stuck("it was made without copies, and can't get one: copy what it has into a volume made"
                    + " with --replicas 2, or remove it");
        }
        List<NodeInfo> stay = pools(volume).stream()
                .filter(pool -> state.drain(pool.node()).isEmpty())
                .flatMap(pool -> state.node(pool.node()).stream())
                .toList();
        int copies = volume.pools().size();
        if (stay.isEmpty() || copies <= wanted(volume)) {
            boolean sameDomain =
                    state.drain(node.number()).map(NodeInfo.Drain::sameDomain).orElse(false);
            return copies < ReplicaSet.MOST
                    ? new Step.Add(new Operation.AddCopy(volume.name(), "", sameDomain, copies))
                    : new Step.Stuck("it has " + copies + " copies, the most: `holdfast volume remove-copy "
                            + volume.name() + " --pool " + from.name() + "` leaves one less");
        }
        MirrorInfo mirror = state.mirror(volume).orElseThrow();
        Optional<NodeInfo> behind = stay.stream()
                .filter(other -> !mirror.inSync().contains(other.name()))
                .findFirst();
        return behind.map(this::whileItIsBehind)
                .orElseGet(() -> new Step.Take(new Operation.RemoveCopy(volume.name(), from.name())));
    }

    /** How many copies it had when the first of the nodes that are drained began to be. */
    private int wanted(VolumeInfo volume) {
        return pools(volume).stream()
                .flatMap(pool -> state.drain(pool.node()).stream())
                .flatMap(drain -> Optional.ofNullable(drain.copies().get(volume.id())).stream())
                .mapToInt(Integer::intValue)
                .min()
                .orElse(volume.pools().size() - 1);
    }

    private Step whileItIsBehind(NodeInfo other) {
        return reached.contains(other.number())
                ? new Step.Waits("the copy on " + other.name() + " is brought up to date")
                : new Step.Stuck("the copy on " + other.name() + " is not in sync, and the node is not reached");
    }

    private Step whileItChanges(VolumeInfo volume) {
        for (Change change : state.intents().values()) {
            if (change instanceof Change.AddCopy added && added.volume().equals(volume.id())) {
                NodeInfo to = state.pool(added.pool())
                        .flatMap(pool -> state.node(pool.node()))
                        .orElseThrow();
                return reached.contains(to.number())
                        ? new Step.Waits("a copy is made on " + to.name())
                        : new Step.Stuck("a copy is to be made on " + to.name() + ", which is not reached");
            }
            if (change instanceof Change.LeaveCopy left && left.volume().equals(volume.id())) {
                return new Step.Waits("the others are about to go on without this copy");
            }
        }
        return new Step.Waits("it is being changed");
    }
}
