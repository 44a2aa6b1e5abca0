package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.array.MemberHealth;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.device.Protection;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.io.Network;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A first start that ends after any of its steps: the next one makes the same whole node of what is there. */
final class FirstStartTest {
    private static final long GIB = 1L << 30;

    private SimWorld world;
    private List<String> told;

    private void begin() {
        told = new ArrayList<>();
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
        Node node = new Node(world, world.orderedLog("control"), config);
        FirstVolume.Thin demo = new FirstVolume.Thin("demo", GIB);
        FirstVolume.Wanted wanted =
                new FirstVolume.Wanted("main", List.of("/d0", "/d1"), Protection.mirror(2), 16 << 20, GIB, demo);
        node.start(failure -> {
            told.add(failure);
            if (failure.isEmpty()) {
                new FirstVolume(node, world.entropy()).ensure(wanted, ensured -> {
                    told.add(ensured);
                    node.status(this::isWhole);
                });
            }
        });
    }

    private void isWhole(NodeStatus status) {
        told.add("status");
        List<String> notes = status.condition().notes().stream()
                .filter(note -> !note.contains("memory of the last run is gone"))
                .toList();
        assertEquals(List.of(), notes);
        assertEquals(
                List.of("demo"),
                status.exported().stream().map(volume -> volume.name()).toList());
        assertEquals(1, status.pools().size());
        List<MemberHealth> members =
                status.pools().getFirst().measured().orElseThrow().members();
        assertTrue(members.size() == 2 && members.stream().allMatch(MemberHealth::present), members::toString);
    }

    /** Runs {@code steps} events of a first start; true if that was all of it. */
    private boolean stopAfter(int steps, boolean isPowerCut) {
        world = new SimWorld(steps);
        begin();
        for (int i = 0; i < steps && !told.contains("status"); i++) {
            world.step();
        }
        boolean ended = told.contains("status");
        if (isPowerCut) {
            world.machine().powerCut();
        } else {
            world.machine().kill();
        }
        world.machine().start();
        return ended;
    }

    private void everyStep(boolean isPowerCut, int stride) {
        boolean ended = false;
        int steps = 0;
        while (!ended) {
            steps += stride;
            ended = stopAfter(steps, isPowerCut);
            String where = (isPowerCut ? "power cut" : "killed") + " after " + steps + " events";
            begin();
            world.runUntil(() -> told.contains("status") || told.stream().anyMatch(line -> !line.isEmpty()));
            assertEquals(List.of("", "", "status"), told, where);
        }
        assertTrue(steps > 100, "the first start has steps, " + steps);
    }

    @Test
    void aProcessKilledAfterAnyEventOfItsFirstStartLeavesNoHalfPool() {
        everyStep(false, 2);
    }

    @Test
    void aPowerCutAfterAnyEventOfTheFirstStartLeavesNoHalfPool() {
        everyStep(true, 3);
    }
}
