package dev.holdfast.node;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.cluster.control.Change;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.io.Loop;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One acceptance that what other copies have is lost, on the node whose copy goes on: once this node has been up for
 * long enough to know, looks whether one of them can be reached; has the replica claim its shard; and waits until it
 * leads, or another does. On the control loop.
 */
final class LossAcceptance {
    private static final long LOOK_NANOS = 50_000_000L;
    private static final int MOST_LOOKS = 300;

    private final Loop control;
    private final Change.AcceptLoss change;
    private final Replicas.Copy copy;
    private final Supplier<ControlState> state;
    private final Replicas replicas;
    private int looks;

    LossAcceptance(
            Loop control,
            Change.AcceptLoss change,
            Replicas.Copy copy,
            Supplier<ControlState> state,
            Replicas replicas) {
        this.control = control;
        this.change = change;
        this.copy = copy;
        this.state = state;
        this.replicas = replicas;
    }

    void run(Consumer<String> ended) {
        if (change.evenIfReached() || Mutant.on("node.loss-accepted-unmet")) {
            accept(ended);
        } else {
            replicas.whenMet(() -> unlessReached(ended));
        }
    }

    private void unlessReached(Consumer<String> ended) {
        List<Integer> holders =
                state.get().volume(change.volume()).map(state.get()::mayHold).orElse(List.of());
        replicas.reached(numbers -> {
            List<String> reached = holders.stream()
                    .filter(numbers::contains)
                    .map(number -> state.get().node(number).map(NodeInfo::name).orElse("?"))
                    .toList();
            if (!reached.isEmpty()) {
                ended.accept("node " + String.join(" and ", reached) + " can be reached, and its copy may come back:"
                        + " let it, or say --even-if-reached");
            } else {
                accept(ended);
            }
        });
    }

    private void accept(Consumer<String> ended) {
        copy.volume().loop().post(() -> copy.replica().acceptLoss(change.epoch()));
        look(ended);
    }

    private void tell() {
        String passed = change.passed().stream()
                .map(other -> state.get()
                                .pool(other.pool())
                                .flatMap(pool -> state.get().node(pool.node()))
                                .map(NodeInfo::name)
                                .orElse("?")
                        + " (kept there as " + other.name() + ")")
                .collect(Collectors.joining(" and "));
        state.get()
                .volume(change.volume())
                .ifPresent(volume -> replicas.tell(
                        volume.name(), change.by().who() + " accepted that what only others had is lost: " + passed));
    }

    private void look(Consumer<String> ended) {
        Checks.that(looks <= MOST_LOOKS, "nobody waits for ever", looks);
        copy.volume().loop().post(() -> {
            int epoch = copy.replica().authority().epoch();
            boolean leads = copy.volume().reign() > 0;
            boolean isOver = !leads && (epoch > change.epoch() + 1 || looks == MOST_LOOKS);
            if (isOver) {
                copy.replica().acceptLoss(0);
            }
            control.post(() -> {
                if (leads) {
                    tell();
                    ended.accept("");
                } else if (isOver) {
                    ended.accept("another copy of the volume speaks, or this one is a mixture of two moments: nothing"
                            + " was given up");
                } else {
                    looks++;
                    control.after(LOOK_NANOS, () -> look(ended));
                }
            });
        });
    }
}
