package dev.holdfast.sim.cluster;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.io.Network;
import dev.holdfast.io.WorldException;
import dev.holdfast.node.Node;
import dev.holdfast.node.NodeConfig;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import java.util.List;
import java.util.Optional;

/** A machine with one disk, and the node on it, as often as that is started. */
final class ClusterNode {
    static final int NBD_PORT = 10_809;
    private static final int LINK_PORT = 7000;
    private static final int MEMORY_BYTES = 16 << 20;
    private static final long CACHE_BYTES = 32 << 20;
    private static final long DISK_BYTES = 1L << 30;

    private final SimMachine machine;
    private final int number;
    private Optional<Node> running = Optional.empty();
    private Optional<NodeStatus> seen = Optional.empty();
    private boolean isAsked;
    private boolean serves;

    ClusterNode(SimMachine machine, int number) {
        this.machine = machine;
        this.number = number;
        machine.plug("/d0", DISK_BYTES);
    }

    SimMachine machine() {
        return machine;
    }

    String name() {
        return machine.name();
    }

    String pool() {
        return "p-" + name();
    }

    /** The node, while its process runs and lets clients in. */
    Optional<Node> serving() {
        return machine.isRunning() && serves ? running : Optional.empty();
    }

    /** What it last said of itself and the others; empty until it has, and once its process has ended. */
    Optional<NodeStatus> seen() {
        return serving().isPresent() ? seen : Optional.empty();
    }

    /** What it said of the copies of {@code volume}, if it knows it as a mirrored one. */
    Optional<MirrorInfo> copies(String volume) {
        return seen().flatMap(status -> status.mirrors().stream()
                .filter(mirror -> mirror.volume().name().equals(volume))
                .map(NodeStatus.Mirror::known)
                .findFirst());
    }

    /** Asks it what it knows; {@link #seen} has it sooner or later. */
    void look() {
        serving().filter(node -> !isAsked).ifPresent(node -> {
            isAsked = true;
            node.status(status -> {
                if (serving().equals(Optional.of(node))) {
                    seen = Optional.of(status);
                    isAsked = false;
                }
            });
        });
    }

    /** Starts a node, if none runs; the first machine of a world has a process from the beginning. */
    void start() {
        if (machine.isRunning() && running.isPresent()) {
            return;
        }
        SimProcess process = machine.isRunning() ? machine.process() : machine.start();
        Node started = new Node(process, process.orderedLog(ClusterScenario.LOG), config());
        running = Optional.of(started);
        seen = Optional.empty();
        isAsked = false;
        serves = false;
        started.start(why -> {
            if (!why.isEmpty()) {
                throw new OracleViolation("node " + name() + " does not start: " + why);
            }
            try {
                started.serve();
                serves = true;
            } catch (WorldException taken) {
                throw new OracleViolation("node " + name() + " can't serve: " + taken.getMessage());
            }
        });
    }

    private NodeConfig config() {
        return new NodeConfig(
                new Controller.Starting(name(), name() + ":1", Optional.of(new Id128(1, number))),
                "/dir",
                new NodeConfig.Memory("", MEMORY_BYTES, ""),
                2,
                CACHE_BYTES,
                List.of(new Network.Address.Tcp(name(), NBD_PORT)),
                new Network.Address.Tcp(name(), LINK_PORT),
                "");
    }
}
