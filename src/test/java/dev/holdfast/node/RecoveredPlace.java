package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.cluster.control.Controller;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A node that goes on alone, on a control log which was made anew. */
final class RecoveredPlace {
    private static final String LOG = "recovered";

    private RecoveredPlace() {}

    /** A log is begun with {@code records}, by a process that ends then. */
    static void begun(SimWorld world, SimMachine machine, List<byte[]> records) {
        SimProcess writer = machine.start();
        OrderedLog log = writer.orderedLog(LOG);
        Loop loop = writer.newLoop("writer");
        List<OrderedLog.Outcome> outcomes = new ArrayList<>();
        world.run(
                loop,
                () -> log.start(loop, (index, bytes) -> {}, () -> {
                    records.forEach(record -> log.append(record, outcomes::add));
                }));
        world.runUntil(() -> outcomes.size() == records.size());
        machine.kill();
    }

    /** A node alone on that log, with the loops, memory and doors of {@code before}. */
    static Node started(SimWorld world, SimMachine machine, NodeConfig before) {
        SimProcess process = machine.start();
        NodeConfig config = new NodeConfig(
                new Controller.Starting("again", "", Optional.empty()),
                before.directory(),
                before.memory(),
                before.lanes(),
                before.cacheBytes(),
                before.nbd(),
                before.links(),
                before.acceptLossOf());
        Node node = new Node(process, process.orderedLog(LOG), config);
        List<String> started = new ArrayList<>();
        node.start(started::add);
        world.runUntil(() -> !started.isEmpty());
        assertEquals("", started.getFirst());
        return node;
    }
}
