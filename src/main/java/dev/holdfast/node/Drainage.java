package dev.holdfast.node;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Moves copies away from nodes that are drained. It runs on every node, and who leads the control log acts; it keeps
 * nothing but whether its last step was answered. On the control loop.
 *
 * <ol>
 *   <li>A step is proposed like anybody's operation, and the rules for those hold; two nodes that both believe that
 *       they lead do no harm.
 *   <li>One volume of a node moves at a time; one that can't is passed over.
 * </ol>
 */
final class Drainage {
    private static final long LOOK_NANOS = 1_000_000_000L;

    private final Loop control;
    private final Entropy entropy;
    private final Controller controller;
    private final Replicas replicas;
    private final OrderedLog log;
    private final Events events;
    private boolean looks;
    private boolean underWay;
    private boolean stopped;

    Drainage(Loop control, Entropy entropy, Controller controller, Replicas replicas, OrderedLog log, Events events) {
        this.control = control;
        this.entropy = entropy;
        this.controller = controller;
        this.replicas = replicas;
        this.log = log;
        this.events = events;
    }

    /** Looks every second from now on, while a node is drained; after the start, and when the state has changed. */
    void look() {
        Checks.that(control.isCurrent(), "nodes are drained on the control loop");
        if (looks || stopped || controller.isOver() || drained().isEmpty()) {
            return;
        }
        looks = true;
        if (!underWay && log.leads()) {
            underWay = true;
            replicas.reached(this::act);
        }
        control.after(LOOK_NANOS, () -> {
            looks = false;
            look();
        });
    }

    /** Takes no further step; the control state keeps what has to be done. */
    void stop() {
        stopped = true;
    }

    private List<NodeInfo> drained() {
        return controller.state().nodes().stream()
                .filter(node -> controller.state().drain(node.number()).isPresent())
                .toList();
    }

    private void act(List<Integer> reached) {
        Checks.that(underWay, "one step is taken at a time");
        for (NodeInfo node : drained()) {
            for (DrainSteps.Left left : left(node, reached)) {
                String volume = left.volume().name();
                switch (left.step()) {
                    case DrainSteps.Step.Add add -> {
                        take(add.operation(), volume, "a copy was added, because node " + node.name() + " is drained");
                        return;
                    }
                    case DrainSteps.Step.Take goes -> {
                        take(goes.operation(), volume, "it left node " + node.name() + ", which is drained");
                        return;
                    }
                    case DrainSteps.Step.Waits _ -> {
                        underWay = false;
                        return;
                    }
                    case DrainSteps.Step.Stuck _ -> Checks.that(underWay, "what can't move is passed over");
                }
            }
        }
        underWay = false;
    }

    private void take(Operation operation, String volume, String what) {
        Consumer<Result> answered = result -> {
            underWay = false;
            if (result instanceof Result.Done) {
                events.add(volume, what);
            }
        };
        if (stopped) {
            underWay = false;
        } else {
            controller.submit(new Id128(entropy.nextLong(), entropy.nextLong()), operation, answered);
        }
    }

    /** What is left on a node that is drained; a copy for which there is no place waits for a person. */
    private List<DrainSteps.Left> left(NodeInfo node, List<Integer> reached) {
        List<Integer> running = new ArrayList<>(reached);
        running.add(controller.self().number());
        return new DrainSteps(controller.state(), running)
                .of(node).stream().map(this::placed).toList();
    }

    private DrainSteps.Left placed(DrainSteps.Left left) {
        return left.step() instanceof DrainSteps.Step.Add add
                        && controller.dryRun(add.operation()).result() instanceof Result.Refused refused
                ? new DrainSteps.Left(left.volume(), new DrainSteps.Step.Stuck(refused.why()))
                : left;
    }

    /** Every node that is drained, for people. */
    List<NodeStatus.Draining> shown(List<Integer> reached) {
        return drained().stream()
                .map(node -> new NodeStatus.Draining(
                        node.name(),
                        left(node, reached).stream().map(Drainage::shown).toList()))
                .toList();
    }

    private static NodeStatus.Left shown(DrainSteps.Left left) {
        return switch (left.step()) {
            case DrainSteps.Step.Add _ -> new NodeStatus.Left(left.volume(), "a copy is to be added elsewhere", false);
            case DrainSteps.Step.Take _ -> new NodeStatus.Left(left.volume(), "the copy is to be taken away", false);
            case DrainSteps.Step.Waits waits -> new NodeStatus.Left(left.volume(), waits.why(), false);
            case DrainSteps.Step.Stuck stuck -> new NodeStatus.Left(left.volume(), stuck.why(), true);
        };
    }
}
