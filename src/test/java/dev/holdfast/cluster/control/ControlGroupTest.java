package dev.holdfast.cluster.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimLogGroup;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Three processes on one simulated log: one order, owners only, every question answered once. */
final class ControlGroupTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Protection SINGLE = Protection.SINGLE;

    private final ControlProcess.Begun begun = new ControlProcess.Begun();
    private final List<ControlProcess> nodes = new ArrayList<>();
    private SimWorld world = new SimWorld(0);
    private SimLogGroup log = world.logGroup("none");

    private void begin(long seed) {
        world = new SimWorld(seed);
        log = world.logGroup("control");
        begun.changes.clear();
        begun.recovered = 0;
        nodes.clear();
        nodes.add(new ControlProcess(world.machine(), "a", new Id128(1, 1), begun));
        nodes.add(new ControlProcess(world.newMachine("b"), "b", new Id128(1, 2), begun));
        nodes.add(new ControlProcess(world.newMachine("c"), "c", new Id128(1, 3), begun));
        nodes.forEach(ControlProcess::start);
        world.runUntil(() -> nodes.stream().allMatch(ControlProcess::isReady));
    }

    private Result ask(ControlProcess node, long number, Operation operation) {
        Id128 id = new Id128(5, number);
        int before = node.answers.getOrDefault(id, List.of()).size();
        node.submit(id, operation);
        world.runUntil(() -> node.answers.getOrDefault(id, List.of()).size() > before);
        return node.answers.get(id).getLast();
    }

    private static Operation.CreatePool pool(String node) {
        return new Operation.CreatePool("p-" + node, node, List.of("/d"), SINGLE, 8 << 20, 0);
    }

    private static Operation.CreateVolume volume(String name, String node) {
        return new Operation.CreateVolume(name, "p-" + node, 4096);
    }

    /** Repeats until it is done: what is carried out fails now and then. */
    private void make(ControlProcess node, long number, Operation operation) {
        List<Result> results = new ArrayList<>();
        for (long attempt = 0; attempt < 20; attempt++) {
            results.add(ask(node, number + attempt, operation));
            if (results.getLast() instanceof Result.Done) {
                return;
            }
        }
        throw new AssertionError("it never worked: " + operation + " " + results);
    }

    @Test
    void whatOneNodeAcknowledgedAnotherOneKnowsWhenItIsAsked() {
        for (long seed = 1; seed <= 20; seed++) {
            begin(seed);
            make(nodes.get(0), 100, pool("b"));
            make(nodes.get(0), 200, volume("v", "b"));
            Result result = ask(nodes.get(2), 300, new Operation.AddExport("v", Protocol.NBD));
            assertInstanceOf(Result.Done.class, result, "seed " + seed);
            assertInstanceOf(Result.Done.class, ask(nodes.get(0), 302, new Operation.RemoveExport("v", Protocol.NBD)));
            assertInstanceOf(Result.Done.class, ask(nodes.get(1), 303, new Operation.AddExport("v", Protocol.NBD)));
        }
    }

    @Test
    void anIntentOfADeadOwnerStaysOpenAndItsNextStartEndsIt() {
        begin(3);
        ControlProcess asked = nodes.get(0);
        ControlProcess owner = nodes.get(1);
        make(asked, 100, pool("b"));
        make(asked, 200, volume("v", "b"));
        owner.mute = true;
        long since = world.nowNanos();
        Result late = ask(asked, 300, new Operation.ResizeVolume("v", 8192, false));
        assertEquals(Result.undecided("node b has not said yet how it ended; it will, or at its next start"), late);
        assertTrue(world.nowNanos() - since < 60 * SECOND, "it is told in time");
        owner.kill();
        Result other = ask(nodes.get(2), 301, new Operation.DeleteVolume("v"));
        assertEquals(Result.conflict("volume v is being changed: try again"), other);
        owner.mute = false;
        owner.start();
        world.runUntil(owner::isReady);
        Result.Done done =
                assertInstanceOf(Result.Done.class, ask(asked, 300, new Operation.ResizeVolume("v", 8192, false)));
        assertInstanceOf(Change.ResizeVolume.class, done.change());
        assertEquals(1, begun.recovered);
    }

    @Test
    void aProcessWhoseNodeStartsElsewhereHasNoSayAnyMore() {
        begin(4);
        ControlProcess twin = new ControlProcess(world.newMachine("twin"), "b", new Id128(1, 2), begun);
        twin.start();
        world.runUntil(() -> twin.isReady() && nodes.get(1).over);
        make(nodes.get(0), 100, pool("b"));
        assertFalse(twin.over);
        assertInstanceOf(Result.Refused.class, ask(nodes.get(1), 200, volume("v", "b")));
    }

    @Test
    void anotherDirectoryCannotStartUnderANameThatIsTaken() {
        begin(5);
        ControlProcess stranger = new ControlProcess(world.newMachine("x"), "b", new Id128(9, 9), begun);
        stranger.start();
        world.runUntil(() -> !stranger.told.isEmpty());
        assertTrue(stranger.told.getFirst().startsWith("there is a node b with another directory"));
        assertFalse(nodes.get(1).over);
    }

    @Test
    void aMirroredVolumeIsMadeByAllItsNodesOrByNone() {
        begin(6);
        make(nodes.get(0), 100, pool("a"));
        make(nodes.get(0), 200, pool("b"));
        begun.changes.clear();
        Operation mirror = new Operation.CreateMirrored("m", List.of("p-b", "p-a"), 0, 4096);
        nodes.get(1).fails = true;
        assertEquals(Result.failed("it did not work"), ask(nodes.get(2), 300, mirror));
        assertEquals(
                2,
                begun.changes.stream()
                        .filter(Change.CreateMirrored.class::isInstance)
                        .count());
        assertEquals(
                2,
                begun.changes.stream()
                        .filter(Change.DeleteVolume.class::isInstance)
                        .count());
        assertFalse(nodes.get(2).state().contains("name=m,"));
        nodes.get(1).fails = false;
        make(nodes.get(2), 400, mirror);
        Result.Refused three = assertInstanceOf(
                Result.Refused.class, ask(nodes.get(2), 500, new Operation.CreateMirrored("n", List.of(), 3, 4096)));
        assertEquals(
                "3 copies need pools of as many nodes, and 2 have one: `holdfast pool create --node NODE` makes more",
                three.why());
        make(nodes.get(0), 600, new Operation.CreatePool("q", "a", List.of("/e"), SINGLE, 8 << 20, 0));
        Operation.CreateMirrored many = new Operation.CreateMirrored("n", List.of(), 5, 4096);
        assertEquals(Result.invalid("a mirrored volume has 2 to 4 copies"), ask(nodes.get(2), 650, many));
        Operation oneNode = new Operation.CreateMirrored("n", List.of("p-a", "q"), 0, 4096);
        assertInstanceOf(Result.Refused.class, ask(nodes.get(1), 700, oneNode));
    }

    @Test
    void aPartThatAnEarlierProcessBeganIsRecoveredWhateverArrivesMeanwhile() {
        begin(8);
        ControlProcess one = nodes.get(0);
        ControlProcess other = nodes.get(1);
        make(one, 100, pool("a"));
        make(one, 200, pool("b"));
        begun.changes.clear();
        one.mute = true;
        other.mute = true;
        nodes.get(2).submit(new Id128(5, 300), new Operation.CreateMirrored("m", List.of(), 2, 4096));
        world.runUntil(() -> begun.changes.size() == 2);
        other.kill();
        other.mute = false;
        other.recoversLater = true;
        other.start();
        world.runUntil(() -> !other.told.isEmpty());
        one.kill();
        one.mute = false;
        one.start();
        world.runUntil(one::isReady);
        world.runFor(5 * SECOND);
        other.recover();
        world.runUntil(() ->
                !nodes.get(2).answers.getOrDefault(new Id128(5, 300), List.of()).isEmpty());
        assertEquals(2, begun.recovered);
        assertEquals(2, begun.changes.size(), "nothing is begun again");
    }

    @Test
    void aStartThatComesLateCountsForNothing() {
        ControlState state = new ControlState();
        state.apply(new ControlRecord.ClusterCreated(new Id128(1, 1)));
        Id128 id = new Id128(2, 2);
        ControlRecord first = new ControlRecord.NodeStarted(1, id, "a", "", 0, 10, "");
        assertTrue(state.apply(first));
        assertFalse(state.apply(first));
        assertTrue(state.apply(new ControlRecord.NodeStarted(1, id, "a", "", 1, 11, "")));
        assertFalse(state.apply(new ControlRecord.NodeStarted(1, id, "a", "", 1, 12, "")));
        assertFalse(state.apply(new ControlRecord.NodeStarted(1, new Id128(3, 3), "a", "", 2, 13, "")));
        assertFalse(state.apply(new ControlRecord.NodeStarted(2, new Id128(3, 3), "a", "", 0, 14, "")));
        assertFalse(state.apply(new ControlRecord.NodeStarted(3, new Id128(3, 3), "c", "", 0, 15, "")));
        assertTrue(state.apply(new ControlRecord.NodeStarted(2, new Id128(3, 3), "c", "", 0, 16, "")));
        assertEquals(2, state.nodes().size());
    }

    @Test
    void whereANodeIsReachedSaysItsNewestProcessOnly() {
        ControlState state = new ControlState();
        Id128 id = new Id128(2, 2);
        state.apply(new ControlRecord.ClusterCreated(new Id128(1, 1)));
        state.apply(new ControlRecord.NodeStarted(1, id, "a", "a:1", 0, 10, ""));
        assertEquals(Optional.of(new NodeInfo(1, id, "a", "a:1", 1, "", "", "")), state.node(1));
        assertFalse(state.apply(reachable(2, 1, "l:1")));
        assertFalse(state.apply(reachable(1, 2, "l:1")));
        assertTrue(state.apply(reachable(1, 1, "l:1")));
        assertFalse(state.apply(reachable(1, 1, "l:1")));
        assertTrue(state.apply(reachable(1, 1, "l:2")));
        state.apply(new ControlRecord.NodeStarted(1, id, "b", "a:1", 1, 11, ""));
        assertFalse(state.apply(reachable(1, 1, "l:3")));
        assertEquals(Optional.of(new NodeInfo(1, id, "b", "a:1", 2, "l:2", "d:1", "")), state.node(1));
        assertTrue(state.apply(reachable(1, 2, "l:4")));
        assertEquals(Optional.of(new NodeInfo(1, id, "b", "a:1", 2, "l:4", "d:1", "")), state.node(1));
    }

    private static ControlRecord reachable(int node, long incarnation, String links) {
        return new ControlRecord.NodeReachable(new ControlRecord.Process(node, incarnation), links, "d:1");
    }

    @Test
    void whereANodeIsReachedIsSaidUntilAllKnowItAndNotAgain() {
        begin(9);
        ControlProcess one = nodes.get(0);
        log.refusedPerMillion = 1_000_000;
        one.reachable("l:1", "d:1");
        world.runFor(5 * SECOND);
        one.reachable("l:2", "d:2");
        world.runFor(5 * SECOND);
        assertFalse(nodes.get(1).state().contains("l:"));
        log.refusedPerMillion = 0;
        world.runUntil(() -> nodes.stream().allMatch(node -> node.state().contains("links=l:2, disks=d:2")));
        world.runFor(5 * SECOND);
        int size = log.size();
        one.reachable("l:2", "d:2");
        world.runFor(5 * SECOND);
        assertEquals(size, log.size(), "what is known is not said again");
        one.kill();
        one.start();
        world.runUntil(one::isReady);
        assertTrue(one.state().contains("incarnation=2, links=l:2, disks=d:2"), one.state());
    }

    @Test
    void anOutcomeOfAnEndedProcessCountsForNothing() {
        ControlState state = new ControlState();
        Id128 id = new Id128(2, 2);
        state.apply(new ControlRecord.ClusterCreated(new Id128(1, 1)));
        state.apply(new ControlRecord.NodeStarted(1, id, "a", "", 0, 10, ""));
        Change change = new Change.CreatePool(id, 1, "p", List.of("/d"), SINGLE, 8 << 20, 0);
        state.apply(new ControlRecord.Intended(id, change));
        state.apply(new ControlRecord.NodeStarted(1, id, "a", "", 1, 11, ""));
        assertFalse(state.apply(new ControlRecord.Ended(id, new ControlRecord.By(1, 1, false), "")));
        assertFalse(state.apply(new ControlRecord.Ended(id, new ControlRecord.By(2, 2, false), "")));
        assertTrue(state.apply(new ControlRecord.Ended(id, new ControlRecord.By(1, 2, false), "")));
    }

    @Test
    void randomOperationsDeathsAndLateRecordsLeaveOneStateEverywhere() {
        for (long seed = 1; seed <= 30; seed++) {
            begin(seed);
            log.refusedPerMillion = 40_000;
            log.unknownPerMillion = 40_000;
            SimRandom random = world.random().split();
            Map<Id128, Operation> asked = new LinkedHashMap<>();
            for (int step = 0; step < 150; step++) {
                disturb(random);
                Id128 id = asked.isEmpty() || !random.oneIn(6)
                        ? new Id128(7, step)
                        : List.copyOf(asked.keySet()).get(random.below(asked.size()));
                Operation operation = asked.computeIfAbsent(id, none -> operation(random));
                ControlProcess node = nodes.get(random.below(nodes.size()));
                if (node.isReady()) {
                    node.submit(id, operation);
                    node.reachable("l:" + random.below(3), "d:" + node.name);
                }
                world.runFor(random.below(600_000_000));
            }
            mend();
            judge("seed " + seed);
        }
    }

    private void disturb(SimRandom random) {
        ControlProcess node = nodes.get(random.below(nodes.size()));
        switch (random.below(20)) {
            case 0, 1 -> {
                if (node.machine.isRunning()) {
                    node.kill();
                }
            }
            case 2 -> log.cut(node.machine);
            case 3 -> log.join();
            default ->
                nodes.stream().filter(found -> !found.machine.isRunning()).forEach(found -> {
                    if (random.oneIn(4)) {
                        found.start();
                    }
                });
        }
    }

    private void mend() {
        log.refusedPerMillion = 0;
        log.unknownPerMillion = 0;
        log.join();
        for (ControlProcess node : nodes) {
            boolean couldNotStart = node.machine.isRunning() && !node.told.isEmpty() && !node.isReady();
            if (couldNotStart) {
                node.kill();
            }
            if (!node.machine.isRunning()) {
                node.start();
            }
        }
        world.runFor(120 * SECOND);
    }

    private void judge(String where) {
        ControlState fresh = new ControlState();
        for (int i = 0; i < log.size(); i++) {
            ControlCodec.Decoded decoded = ControlCodec.decode(ByteBuffer.wrap(log.record(i)));
            fresh.apply(
                    assertInstanceOf(ControlCodec.Decoded.Found.class, decoded).record());
        }
        for (ControlProcess node : nodes) {
            assertTrue(node.isReady(), where + ": " + node.name + " is up, " + node.told);
            assertEquals(fresh.toString(), node.state(), where + ", node " + node.name);
            assertTrue(fresh.toString().contains("disks=d:" + node.name), where + ": where each is reached is known");
            assertEquals(node.asked, node.answered(), where + ": each question has one answer");
        }
        assertTrue(fresh.intents().isEmpty(), where + ": " + fresh.intents());
        TreeSet<Integer> shards = new TreeSet<>();
        for (Change change : begun.changes) {
            if (change instanceof Change.CreateVolume created) { // a mirrored one is made by each of its nodes
                assertTrue(shards.add(created.shard()), where + ": a volume was made twice");
            }
        }
    }

    private static Operation operation(SimRandom random) {
        String volume = "v" + random.below(4);
        String node = List.of("a", "b", "c").get(random.below(3));
        return switch (random.below(14)) {
            case 0, 1 -> pool(node);
            case 2, 3 -> volume(volume, node);
            case 4 -> new Operation.ResizeVolume(volume, 4096L * (1 + random.below(100)), true);
            case 5 -> new Operation.DeleteVolume(volume);
            case 6 -> new Operation.CreateSnapshot(volume, "s" + random.below(3));
            case 7 -> new Operation.DeleteSnapshot(volume, "s" + random.below(3));
            case 8, 9 -> new Operation.CreateMirrored(volume, List.of(), 2 + random.below(2), 4096);
            case 10 -> new Operation.RemoveCopy(volume, "p-" + node);
            case 11 -> new Operation.AddCopy(volume, random.oneIn(2) ? "" : "p-" + node);
            case 12 -> random.oneIn(2) ? new Operation.DrainNode(node, random.oneIn(2)) : new Operation.EndDrain(node);
            default ->
                random.oneIn(2)
                        ? new Operation.AddExport(volume, Protocol.NBD)
                        : new Operation.RemoveExport(volume, Protocol.NBD);
        };
    }
}
