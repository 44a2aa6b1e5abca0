package dev.holdfast.sim.cluster;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.node.Node;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What people ask of the nodes, each thing under an id of its own, of one node after the other until one of them knows
 * how it ended. An order that was done is done, however often, wherever and whenever it is asked for again.
 */
final class Orders {
    private static final long AGAIN_NANOS = 500_000_000L;
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    private final SimWorld world;
    private final List<ClusterNode> nodes;
    private final SimRandom random;
    private final List<Order> open = new ArrayList<>();
    private final List<Order> done = new ArrayList<>();
    private int given;

    Orders(SimWorld world, List<ClusterNode> nodes, SimRandom random) {
        this.world = world;
        this.nodes = nodes;
        this.random = random;
    }

    /** How many have not ended, as far as who gave them knows. */
    int open() {
        return open.size();
    }

    /** Those that have not ended, for people. */
    String describe() {
        return open.stream().map(order -> order.what.toString()).toList().toString();
    }

    /** Gives an order to some node. */
    void give(Operation what) {
        give(what, how -> {});
    }

    /** Gives an order to some node; {@code then} is told once how it ended. */
    void give(Operation what, Consumer<Result> then) {
        Order order = new Order(new Id128(9, ++given), what, then);
        open.add(order);
        order.ask();
    }

    /** Asks some node for an order again that was done. */
    void repeatOne() {
        if (!done.isEmpty()) {
            done.get(random.below(done.size())).askAgain();
        }
    }

    private Optional<Node> someNode() {
        List<Node> serving =
                nodes.stream().flatMap(node -> node.serving().stream()).toList();
        return serving.isEmpty() ? Optional.empty() : Optional.of(serving.get(random.below(serving.size())));
    }

    /** One order. */
    private final class Order {
        private final Id128 id;
        private final Operation what;
        private final Consumer<Result> then;
        private Optional<Result> how = Optional.empty();
        private int asked;

        Order(Id128 id, Operation what, Consumer<Result> then) {
            this.id = id;
            this.what = what;
            this.then = then;
        }

        private void ask() {
            int now = ++asked;
            someNode().ifPresent(node -> node.submit(id, what, this::answered));
            world.at(PATIENCE_NANOS + random.below(AGAIN_NANOS), () -> {
                if (how.isEmpty() && asked == now) {
                    ask();
                }
            });
        }

        private void askAgain() {
            someNode().ifPresent(node -> node.submit(id, what, this::answered));
        }

        private void answered(Result result) {
            if (result instanceof Result.Refused refused && refused.kind() == Result.Kind.UNDECIDED) {
                return;
            }
            boolean wasDone = how.filter(Result.Done.class::isInstance).isPresent();
            if (wasDone && !(result instanceof Result.Done)) {
                throw new OracleViolation(what + " was done, and then it was not: " + result);
            }
            if (how.isEmpty()) {
                how = Optional.of(result);
                open.remove(this);
                if (result instanceof Result.Done) {
                    done.add(this);
                }
                then.accept(result);
            }
        }
    }
}
