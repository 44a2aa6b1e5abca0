package dev.holdfast.cluster.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a node that is drained is kept from, what goes with one that is removed, and what keeps it from that. */
final class RemovalTest {
    private static final long BYTES = 1 << 20;

    private final ControlState state = new ControlState();
    private int operations;

    @BeforeEach
    void threeNodesWithAPoolEach() {
        state.apply(new ControlRecord.ClusterCreated(new Id128(1, 1)));
        for (int node = 1; node <= 3; node++) {
            assertTrue(started(node, node, "n" + node, 0));
            Id128 made = begin(new Change.CreatePool(
                    pool(node), node, "main-n" + node, List.of("/d"), Protection.SINGLE, 8 << 20, 0));
            end(made, node, false);
        }
    }

    private static Id128 id(int node) {
        return new Id128(2, node);
    }

    private static Id128 pool(int node) {
        return new Id128(3, node);
    }

    private boolean started(int node, int id, String name, long after) {
        return state.apply(new ControlRecord.NodeStarted(node, id(id), name, "h:" + id, after, id, ""));
    }

    private Id128 begin(Change change) {
        Id128 operation = new Id128(4, ++operations);
        ControlRecord record = change.isImmediate()
                ? new ControlRecord.Applied(operation, change)
                : new ControlRecord.Intended(operation, change);
        assertEquals(new ControlCodec.Decoded.Found(record), ControlCodec.decode(bytes(record)));
        state.apply(record);
        return operation;
    }

    private static ByteBuffer bytes(ControlRecord record) {
        return ByteBuffer.wrap(ControlCodec.encode(record));
    }

    private void end(Id128 operation, int node, boolean undo) {
        state.apply(new ControlRecord.Ended(operation, new ControlRecord.By(node, 1, undo), ""));
    }

    private Id128 mirrored(int... nodes) {
        List<Id128> pools = Arrays.stream(nodes).mapToObj(RemovalTest::pool).toList();
        int shard = state.nextShard();
        return begin(new Change.CreateMirrored(new Id128(5, shard), "m" + shard, pools, shard, BYTES));
    }

    private Id128 alone(int node) {
        int shard = state.nextShard();
        return begin(new Change.CreateVolume(new Id128(5, shard), "v" + shard, pool(node), shard, BYTES));
    }

    private Result remove(int node, boolean losesVolumes) {
        return result(begin(new Change.RemoveNode(id(node), node, 1, losesVolumes)));
    }

    private Result result(Id128 operation) {
        return state.result(operation).orElseThrow();
    }

    private void refused(String why, Result result) {
        assertTrue(assertInstanceOf(Result.Refused.class, result).why().contains(why), result.toString());
    }

    @Test
    void itsNameAndItsPoolsNamesAreFreeAndItsNumberIsNot() {
        assertInstanceOf(Result.Done.class, remove(3, false));
        assertEquals(Optional.empty(), state.node("n3"));
        assertEquals(Optional.empty(), state.pool("main-n3"));
        assertFalse(started(3, 3, "n3", 1), "it starts no more");
        assertFalse(started(4, 3, "x", 0), "not under another number either");
        assertFalse(started(3, 4, "n3", 0), "its number is not given again");
        assertEquals(4, state.nextNode());
        assertTrue(started(4, 4, "n3", 0));
        Id128 made = begin(
                new Change.CreatePool(new Id128(3, 4), 4, "main-n3", List.of("/d"), Protection.SINGLE, 8 << 20, 0));
        end(made, 4, false);
        assertInstanceOf(Result.Done.class, result(made));
        assertEquals(
                List.of(1, 2, 4), state.nodes().stream().map(NodeInfo::number).toList());
        assertFalse(state.apply(new ControlRecord.NodeReachable(new ControlRecord.Process(3, 1), "h:1", "h:2")));
    }

    @Test
    void whoHasStartedAgainOrIsNotThereOrIsTheLastIsNotRemoved() {
        assertTrue(started(3, 3, "n3", 1));
        refused("has started again meanwhile", remove(3, false));
        refused("there is no such node", result(begin(new Change.RemoveNode(id(2), 3, 2, false))));
        assertInstanceOf(Result.Done.class, remove(2, false));
        refused("there is no such node", remove(2, false));
        assertInstanceOf(Result.Done.class, remove(1, false));
        refused("there is no such node", result(begin(new Change.RemoveNode(id(3), 3, 2, false))));
    }

    @Test
    void aCopyHasToGoFirst() {
        Id128 made = mirrored(2, 3);
        end(made, 2, false);
        end(made, 3, false);
        refused("`holdfast volume remove-copy m1 --pool main-n3` first", remove(3, true));
        assertInstanceOf(Result.Done.class, remove(1, false));
    }

    @Test
    void aVolumeThatOnlyItHasIsLostOnlyIfThatIsSaid() {
        Id128 made = alone(3);
        end(made, 3, false);
        Id128 volume = state.volume("v1").orElseThrow().id();
        end(begin(new Change.CreateSnapshot(volume, 1, "s")), 3, false);
        begin(new Change.AddExport(volume, Protocol.NBD));
        Id128 open = begin(new Change.ResizeVolume(volume, 2 * BYTES));
        refused("--lose-volumes", remove(3, false));
        assertInstanceOf(Result.Done.class, remove(3, true));
        refused("node n3 was removed", result(open));
        assertEquals(List.of(), state.volumes());
        assertEquals(List.of(), state.snapshots());
        assertEquals(List.of(), state.exported());
    }

    @Test
    void whatItHadBegunEndsWithIt() {
        Id128 volume = alone(3);
        Id128 deletion = alone(3);
        end(deletion, 3, false);
        deletion =
                begin(new Change.DeleteVolume(state.volume("v2").orElseThrow().id()));
        Id128 pool =
                begin(new Change.CreatePool(new Id128(3, 9), 3, "more", List.of("/e"), Protection.SINGLE, 8 << 20, 0));
        Id128 kept = mirrored(1, 2);
        end(kept, 1, false);
        end(kept, 2, false);
        Id128 copy = begin(new Change.AddCopy(state.volume("m3").orElseThrow().id(), pool(3), 0));
        assertInstanceOf(Result.Done.class, remove(3, false));
        refused("node n3 was removed", result(volume));
        refused("node n3 was removed", result(pool));
        refused("node n3 was removed", result(copy));
        assertInstanceOf(Result.Done.class, result(deletion));
        assertEquals(
                List.of("m3"), state.volumes().stream().map(VolumeInfo::name).toList());
        assertTrue(state.intents().isEmpty());
    }

    @Test
    void aHalfMadeMirroredVolumeIsTakenBackByTheOthersAlone() {
        Id128 early = mirrored(1, 2, 3);
        end(early, 1, false);
        Id128 late = mirrored(2, 3);
        end(late, 2, false);
        assertInstanceOf(Result.Done.class, remove(3, false));
        assertEquals(Optional.of(new Open.Part(state.intents().get(late), true)), state.part(late, 2));
        end(late, 2, true);
        refused("node n3 was removed", result(late));
        end(early, 2, false);
        assertTrue(state.part(early, 1).orElseThrow().undo());
        end(early, 1, true);
        end(early, 2, true);
        refused("node n3 was removed", result(early));
        assertEquals(List.of(), state.volumes());
    }

    @Test
    void whoBothHadAPartMayBothGo() {
        Id128 made = mirrored(2, 3);
        Id128 other = mirrored(2, 3);
        end(other, 2, false);
        end(other, 3, false);
        Id128 deletion =
                begin(new Change.DeleteVolume(state.volume("m2").orElseThrow().id()));
        assertInstanceOf(Result.Done.class, remove(3, false));
        assertInstanceOf(Result.Done.class, remove(2, false));
        refused("node n3 was removed", result(made));
        assertInstanceOf(Result.Done.class, result(deletion));
        assertEquals(List.of(), state.volumes());
    }

    private Result drain(int node) {
        return result(begin(new Change.DrainNode(id(node), node, false)));
    }

    private Id128 made(int... nodes) {
        Id128 made = mirrored(nodes);
        Arrays.stream(nodes).forEach(node -> end(made, node, false));
        return new Id128(5, state.nextShard() - 1);
    }

    @Test
    void aDrainedNodeGetsNothingNewUntilThatEnds() {
        Id128 volume = made(1, 2);
        assertInstanceOf(Result.Done.class, drain(3));
        refused("node n3 is being drained, and gets nothing new", result(alone(3)));
        refused("node n3 is being drained, and gets nothing new", result(mirrored(1, 3)));
        refused("node n3 is being drained", result(begin(new Change.AddCopy(volume, pool(3), 0))));
        Planner planner = new Planner(state, new SimWorld(1).entropy(), 1);
        refused("no other node has a pool", ended(planner.plan(new Operation.AddCopy("m1", ""))));
        begin(new Change.EndDrain(id(3), 3));
        assertEquals(Optional.empty(), state.drain(3));
        assertEquals(
                new Planner.Plan.Propose(new Change.AddCopy(volume, pool(3), 0)),
                planner.plan(new Operation.AddCopy("m1", "")));
    }

    @Test
    void aDrainKeepsHowManyCopiesThereWereAndEndsWithItsNode() {
        Id128 volume = made(1, 2);
        drain(2);
        assertEquals(Optional.of(new NodeInfo.Drain(false, Map.of(volume, 2))), state.drain(2));
        end(begin(new Change.AddCopy(volume, pool(3), 2)), 3, false);
        begin(new Change.DrainNode(id(2), 2, true));
        assertEquals(Optional.of(new NodeInfo.Drain(true, Map.of(volume, 2))), state.drain(2), "as it began");
        drain(1);
        assertInstanceOf(Result.Refused.class, remove(2, false));
        refused("there is no such node", result(begin(new Change.DrainNode(id(1), 2, false))));
        drain(3);
        assertTrue(started(4, 4, "n4", 0));
        drain(4);
        assertInstanceOf(Result.Done.class, remove(4, false));
        assertEquals(Optional.empty(), state.drain(4));
    }

    @Test
    void aCopyIsAddedForADrainOnlyIfNobodyWasFaster() {
        Id128 volume = made(1, 2);
        refused("came or went first", result(begin(new Change.AddCopy(volume, pool(3), 1))));
        Id128 added = begin(new Change.AddCopy(volume, pool(3), 2));
        end(added, 3, false);
        assertInstanceOf(Result.Done.class, result(added));
        assertTrue(started(4, 4, "n4", 0));
        Id128 pool = begin(new Change.CreatePool(pool(4), 4, "p4", List.of("/d"), Protection.SINGLE, 8 << 20, 0));
        end(pool, 4, false);
        refused("came or went first", result(begin(new Change.AddCopy(volume, pool(4), 2))));
    }

    @Test
    void aDryRunOfADrainSaysWhereEachCopyGoesAndWhatStays() {
        made(2, 3);
        made(1, 3);
        made(1, 2, 3);
        end(alone(3), 3, false);
        assertEquals(
                List.of(
                        "record: applied: drain node n3: nothing new goes there, its copies move away",
                        "moves: the copy of volume m1 from pool main-n3 to main-n1 (node n1, domain n1)",
                        "moves: the copy of volume m2 from pool main-n3 to main-n2 (node n2, domain n2)",
                        "stays: the copy of volume m3: no other node has a pool:"
                                + " `holdfast pool create --node NODE` makes one",
                        "stays: volume v4, which was made without copies"),
                new Words(state).records(new Change.DrainNode(id(3), 3, false)));
    }

    @Test
    void whatIsAskedByNameIsPlannedOrSaidToBeSo() {
        Planner planner = new Planner(state, new SimWorld(1).entropy(), 1);
        assertEquals(
                new Planner.Plan.Propose(new Change.RemoveNode(id(3), 3, 1, false)),
                planner.plan(new Operation.RemoveNode("n3", false)));
        end(alone(3), 3, false);
        List<String> lines = new Words(state).records(new Change.RemoveNode(id(3), 3, 1, true));
        assertTrue(lines.get(0).endsWith("remove node n3 (number 3), with pool main-n3"), lines.toString());
        assertTrue(lines.get(1).contains("all data of volume v1"), lines.toString());
        refused("can't remove itself", ended(planner.plan(new Operation.RemoveNode("n1", false))));
        refused("there is no node x", ended(planner.plan(new Operation.RemoveNode("x", false))));
        remove(3, true);
        Result again = ended(planner.plan(new Operation.RemoveNode("n3", false)));
        assertEquals(new Result.AlreadySo("node n3 was removed"), again);
    }

    private static Result ended(Planner.Plan plan) {
        return assertInstanceOf(Planner.Plan.End.class, plan).result();
    }
}
