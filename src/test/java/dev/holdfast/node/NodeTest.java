package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.device.Protection;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.frontend.http.Service;
import dev.holdfast.io.Network;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A whole node in the simulated world: what its control log says is there again after every end of its process. */
final class NodeTest {
    private static final long GIB = 1L << 30;

    private final SimWorld world = new SimWorld(11);
    private Node node;

    private void start() {
        NodeConfig.Memory memory = new NodeConfig.Memory("", 16 << 20, "");
        NodeConfig config = new NodeConfig(
                Controller.Starting.alone("a"),
                "/dir",
                memory,
                2,
                64 << 20,
                List.of(),
                new Network.Address.Tcp("a", 7000),
                "");
        node = new Node(world, world.orderedLog("control"), config);
        List<String> told = new ArrayList<>();
        node.start(told::add);
        world.runUntil(() -> !told.isEmpty());
        assertEquals(List.of(""), told);
    }

    private void ensure() {
        List<String> told = new ArrayList<>();
        FirstVolume.Thin demo = new FirstVolume.Thin("demo", GIB);
        new FirstVolume(node, world.entropy())
                .ensure(
                        new FirstVolume.Wanted("main", List.of("/d0"), Protection.SINGLE, 16 << 20, 0, demo),
                        told::add);
        world.runUntil(() -> !told.isEmpty());
        assertEquals(List.of(""), told);
    }

    private Result submit(long id, Operation operation) {
        List<Result> results = new ArrayList<>();
        node.submit(new Id128(1, id), operation, results::add);
        world.runUntil(() -> !results.isEmpty());
        return results.getFirst();
    }

    private NodeStatus status() {
        List<NodeStatus> told = new ArrayList<>();
        node.status(told::add);
        world.runUntil(() -> !told.isEmpty());
        return told.getFirst();
    }

    private Service.TwinTold twin(Service.Twinned twinned, boolean dryRun) {
        List<Service.TwinTold> told = new ArrayList<>();
        node.twin("main", twinned, dryRun, told::add);
        world.runUntil(() -> !told.isEmpty());
        return told.getFirst();
    }

    @Test
    void whatATwinWouldBeToldIsCheckedAndNotDone() {
        world.machine().plug("/d0", GIB);
        start();
        ensure();
        Service.Twinned there = new Service.Twinned.At("127.0.0.1", 7300);
        Service.Twinned zero = new Service.Twinned.Rpo(true);
        assertEquals("", twin(there, true).refused());
        assertTrue(twin(new Service.Twinned.At("far", 7300), true).refused().contains("no certificate"));
        assertTrue(twin(zero, true).refused().contains("has no twin"));
        assertTrue(twin(zero, false).refused().contains("has no twin"));
        assertEquals("", twin(there, false).refused());
        assertEquals("", twin(zero, true).refused());
        assertEquals("", twin(zero, false).refused());
    }

    @Test
    void volumesSnapshotsAndExportsAreThereAgainAfterADeathAndAPowerCut() {
        world.machine().plug("/d0", GIB);
        start();
        ensure();
        assertInstanceOf(Result.Done.class, submit(1, new Operation.CreateVolume("db", "", GIB)));
        assertInstanceOf(Result.Done.class, submit(2, new Operation.CreateSnapshot("db", "s")));
        assertInstanceOf(Result.Done.class, submit(3, new Operation.ResizeVolume("db", 2 * GIB, false)));
        for (int round = 1; round <= 2; round++) {
            if (round == 1) {
                world.machine().kill();
            } else {
                world.machine().powerCut();
            }
            world.machine().start();
            start();
            ensure();
            NodeStatus status = status();
            assertEquals(round + 1L, status.node().self().incarnation());
            assertEquals(
                    List.of("demo", "db"),
                    status.volumes().stream().map(volume -> volume.name()).toList());
            assertEquals(2 * GIB, status.volumes().getLast().sizeBytes());
            assertEquals(1, status.snapshots().size());
            assertEquals(
                    List.of(),
                    status.condition().notes().stream()
                            .filter(note -> note.contains("control log"))
                            .toList());
        }
        assertInstanceOf(Result.Refused.class, submit(4, new Operation.DeleteVolume("db")));
        assertInstanceOf(Result.Done.class, submit(5, new Operation.DeleteSnapshot("db", "s")));
        assertInstanceOf(Result.Done.class, submit(6, new Operation.DeleteVolume("db")));
        List<Boolean> stopped = new ArrayList<>();
        node.stop(() -> stopped.add(true));
        world.runUntil(() -> !stopped.isEmpty());
    }
}
