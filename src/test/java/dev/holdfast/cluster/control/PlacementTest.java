package dev.holdfast.cluster.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import dev.holdfast.sim.world.SimWorld;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where copies go: into different failure domains, or nowhere, with a sentence that says what to do. */
final class PlacementTest {
    private static final long BYTES = 1 << 20;

    private final ControlState state = new ControlState();
    private int operations;

    /** Nodes 1, 2, ... in these domains, each with a pool. */
    private void nodesIn(String... domains) {
        state.apply(new ControlRecord.ClusterCreated(new Id128(1, 1)));
        for (int node = 1; node <= domains.length; node++) {
            assertTrue(started(node, 0, domains[node - 1]));
            pool(node, "p" + node);
        }
    }

    private boolean started(int node, long after, String domain) {
        Id128 id = new Id128(2, node);
        return state.apply(new ControlRecord.NodeStarted(node, id, "n" + node, "h:1", after, node, domain));
    }

    private void pool(int node, String name) {
        Id128 pool = new Id128(3, Integer.parseInt(name.substring(1)));
        done(node, new Change.CreatePool(pool, node, name, List.of("/" + name), Protection.SINGLE, 8 << 20, 0));
    }

    private void done(int node, Change change) {
        Id128 operation = new Id128(4, ++operations);
        state.apply(new ControlRecord.Intended(operation, change));
        long incarnation = state.node(node).orElseThrow().incarnation();
        state.apply(new ControlRecord.Ended(operation, new ControlRecord.By(node, incarnation, false), ""));
        assertInstanceOf(Result.Done.class, state.result(operation).orElseThrow());
    }

    private Planner.Plan plan(Operation operation) {
        return new Planner(state, new SimWorld(1).entropy(), 1).plan(operation);
    }

    /** Names of the pools that it takes. */
    private List<String> placed(Operation operation) {
        Change change =
                assertInstanceOf(Planner.Plan.Propose.class, plan(operation)).change();
        List<Id128> pools = switch (change) {
            case Change.CreateMirrored c -> c.pools();
            case Change.AddCopy c -> List.of(c.pool());
            default -> List.of();
        };
        return pools.stream().map(pool -> state.pool(pool).orElseThrow().name()).toList();
    }

    private String refused(Operation operation) {
        Result result =
                assertInstanceOf(Planner.Plan.End.class, plan(operation)).result();
        return assertInstanceOf(Result.Refused.class, result).why();
    }

    private static Operation copies(int copies, boolean sameDomain) {
        return new Operation.CreateMirrored("m", List.of(), copies, BYTES, sameDomain);
    }

    private void volume(String name, int... nodes) {
        List<Id128> pools = java.util.Arrays.stream(nodes)
                .mapToObj(node -> new Id128(3, node))
                .toList();
        int shard = state.nextShard();
        Id128 operation = new Id128(4, ++operations);
        Change change = new Change.CreateMirrored(new Id128(5, shard), name, pools, shard, BYTES);
        state.apply(new ControlRecord.Intended(operation, change));
        for (int node : nodes) {
            state.apply(new ControlRecord.Ended(operation, new ControlRecord.By(node, 1, false), ""));
        }
        assertInstanceOf(Result.Done.class, state.result(operation).orElseThrow());
    }

    @Test
    void withoutDomainsEveryNodeIsOne() {
        nodesIn("", "", "");
        assertEquals(List.of("p1", "p2"), placed(copies(2, false)));
        volume("v", 1, 2);
        assertEquals(List.of("p3", "p1"), placed(copies(2, false)));
        assertEquals(List.of("p3"), placed(new Operation.AddCopy("v", "")));
        assertEquals(
                "4 copies need pools of as many nodes, and 3 have one:"
                        + " `holdfast pool create --node NODE` makes more",
                refused(copies(4, true)));
    }

    @Test
    void copiesOfANewVolumeGoIntoDifferentDomainsThoughOthersHaveFewerVolumes() {
        nodesIn("r1", "r1", "r2", "");
        volume("v", 3, 4);
        assertEquals(List.of("p1", "p3"), placed(copies(2, false)));
        assertEquals(List.of("p1", "p3", "p4"), placed(copies(3, false)));
        assertEquals(
                "4 copies need nodes in as many failure domains, and those with a pool are in 3 (n4, r1, r2): add"
                        + " a node in another one, or --same-domain lets copies share one",
                refused(copies(4, false)));
        assertEquals(List.of("p1", "p3", "p4", "p2"), placed(copies(4, true)));
    }

    @Test
    void anotherCopyGoesIntoADomainWithoutOne() {
        nodesIn("r1", "r1", "r2", "r2");
        volume("v", 1, 4);
        assertEquals(
                "every other node with a pool is in a failure domain that keeps a copy of volume v already (r1,"
                        + " r2): add a node in another one, or --same-domain lets copies share one",
                refused(new Operation.AddCopy("v", "")));
        assertEquals(List.of("p2"), placed(new Operation.AddCopy("v", "", true, 0)));
        assertEquals(List.of("p2"), placed(new Operation.AddCopy("v", "p2")), "who names a pool has chosen");
        assertTrue(started(2, 1, "r3"), "a start says another one");
        assertEquals(List.of("p2"), placed(new Operation.AddCopy("v", "")));
        assertTrue(started(2, 2, ""), "one that says none leaves it");
        assertEquals("r3", state.node(2).orElseThrow().domain());
    }

    @Test
    void aDryRunSaysWhereCopiesGo() {
        nodesIn("r1", "");
        Change change = assertInstanceOf(Planner.Plan.Propose.class, plan(copies(2, false)))
                .change();
        assertEquals(
                "touches: pools p1 (node n1, domain r1), p2 (node n2, domain n2); no data of others",
                new Words(state).records(change).getLast());
    }
}
