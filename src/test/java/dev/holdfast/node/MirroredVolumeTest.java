package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.cluster.control.Change;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.RecoveredLog;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.device.Protection;
import dev.holdfast.frontend.http.Event;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.frontend.http.VolumeCheck;
import dev.holdfast.io.Network;
import dev.holdfast.replica.CatchUp;
import dev.holdfast.replica.Comparing;
import dev.holdfast.replica.PrimaryVolume;
import dev.holdfast.replica.RunningReplica;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Three whole nodes in the simulated world and a volume of which two keep a copy: it outlives each of them. */
final class MirroredVolumeTest {
    private static final long GIB = 1L << 30;
    private static final int BLOCK = 4096;

    private SimWorld world = new SimWorld(0);
    private final List<Place> places = new ArrayList<>();
    private int operations;

    /** A machine and the node on it. */
    private final class Place {
        final SimMachine machine;
        final int number;
        Optional<Node> node = Optional.empty();
        boolean ready;

        Place(SimMachine machine, int number) {
            this.machine = machine;
            this.number = number;
            machine.plug("/d0", GIB);
        }

        void start() {
            SimProcess process = machine.isRunning() ? machine.process() : machine.start();
            String name = machine.name();
            Node started = new Node(process, process.orderedLog("control"), config(name));
            node = Optional.of(started);
            ready = false;
            started.start(why -> {
                assertEquals("", why);
                try {
                    started.serve();
                    ready = true;
                } catch (Exception failed) {
                    throw new AssertionError(failed);
                }
            });
        }

        NodeConfig config(String name) {
            return new NodeConfig(
                    new Controller.Starting(name, name + ":1", Optional.of(new Id128(1, number))),
                    "/dir",
                    new NodeConfig.Memory("", 16 << 20, ""),
                    2,
                    64 << 20,
                    List.of(new Network.Address.Tcp(name, 10_809)),
                    new Network.Address.Tcp(name, 7000),
                    "");
        }

        /** Its copy of the only volume, if it keeps one. */
        Optional<Replicas.Copy> copy() {
            return node.filter(running -> ready && machine.isRunning())
                    .flatMap(running -> world.call(
                            running.control(), () -> running.replicas().copy(1)));
        }

        PrimaryVolume disk() {
            return copy().orElseThrow().volume();
        }

        boolean leads() {
            return copy().filter(copy -> on(copy, copy.volume()::reign) > 0).isPresent();
        }

        /** Whether it leads and both copies are in sync. */
        boolean isWhole() {
            return leads()
                    && copy().filter(copy -> on(
                                                    copy,
                                                    () -> copy.replica()
                                                            .authority()
                                                            .newest()
                                                            .orElseThrow())
                                            .inSync()
                                            .size()
                                    == 2)
                            .isPresent();
        }

        private <T> T on(Replicas.Copy copy, Supplier<T> task) {
            return world.call(copy.volume().loop(), task);
        }
    }

    private void begin(long seed) {
        world = new SimWorld(seed);
        places.clear();
        places.add(new Place(world.machine(), 1));
        places.add(new Place(world.newMachine("b"), 2));
        places.add(new Place(world.newMachine("c"), 3));
        places.forEach(Place::start);
        world.runUntil(() -> places.stream().allMatch(place -> place.ready));
        for (Place place : places) {
            done(places.getFirst(), pool(place));
        }
    }

    private static Operation pool(Place place) {
        String name = place.machine.name();
        return new Operation.CreatePool("p-" + name, name, List.of("/d0"), Protection.SINGLE, 16 << 20, 0);
    }

    /** Submits until it is done: nodes start and stop. */
    private void done(Place asked, Operation operation) {
        List<Result> results = new ArrayList<>();
        world.runUntil(() -> asked.ready);
        asked.node.orElseThrow().submit(new Id128(5, ++operations), operation, results::add);
        world.runUntil(() -> !results.isEmpty());
        assertInstanceOf(Result.Done.class, results.getFirst(), results.getFirst()::toString);
    }

    private Place leader() {
        world.runUntil(() -> places.stream().anyMatch(Place::leads));
        return places.stream().filter(Place::leads).findFirst().orElseThrow();
    }

    private Status submit(PrimaryVolume disk, Request.Kind kind, ByteBuffer data) {
        return submit(disk, kind, 0, data);
    }

    private Status submit(BlockVolume disk, Request.Kind kind, long offset, ByteBuffer data) {
        return NodesBed.submit(world, disk, kind, offset, data);
    }

    private void write(Place place, int value) {
        ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
        data.putInt(0, value);
        assertEquals(Status.OK, submit(place.disk(), Request.Kind.WRITE, data));
    }

    private int read(Place place) {
        ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
        assertEquals(Status.OK, submit(place.disk(), Request.Kind.READ, data));
        return data.getInt(0);
    }

    private void mirrored() {
        mirrored(GIB);
    }

    private void mirrored(long sizeBytes) {
        done(places.get(2), new Operation.CreateMirrored("v", List.of("p-" + name(0), "p-" + name(1)), 2, sizeBytes));
    }

    private String name(int place) {
        return places.get(place).machine.name();
    }

    @Test
    void aMirroredVolumeOutlivesEachOfItsNodes() {
        for (long seed = 1; seed <= 5; seed++) {
            begin(seed);
            mirrored();
            int value = 0;
            for (int round = 0; round < 4; round++) {
                Place before = leader();
                write(before, ++value);
                Place other = places.get(before.number == 1 ? 1 : 0);
                assertEquals(Status.MOVED, submit(other.disk(), Request.Kind.FLUSH, ByteBuffer.allocate(0)));
                if (round % 2 == 0) {
                    before.machine.kill();
                } else {
                    before.machine.powerCut();
                }
                assertEquals(other, leader());
                assertEquals(value, read(other), "seed " + seed);
                write(other, ++value);
                before.start();
                world.runUntil(() -> before.ready && other.isWhole());
            }
        }
    }

    private List<String> events(Place place, String volume) {
        List<List<Event>> told = new ArrayList<>();
        place.node.orElseThrow().events(0, volume, told::add);
        world.runUntil(() -> !told.isEmpty());
        return told.getFirst().stream().map(Event::what).toList();
    }

    private NodeStatus status(Place place) {
        List<NodeStatus> told = new ArrayList<>();
        place.node.orElseThrow().status(told::add);
        world.runUntil(() -> !told.isEmpty());
        return told.getFirst();
    }

    private static void inOrder(List<String> told, String... wanted) {
        int at = 0;
        for (String part : wanted) {
            while (at < told.size() && !told.get(at).contains(part)) {
                at++;
            }
            assertTrue(at < told.size(), part + " is not there, or not in order: " + told);
        }
    }

    @Test
    void whatHappensIsToldAndWhatIsWrongIsKnownSinceItBegan() {
        begin(7);
        mirrored();
        Place before = leader();
        Place other = places.get(before.number == 1 ? 1 : 0);
        Place third = places.get(2);
        world.runUntil(
                () -> before.isWhole() && status(before).condition().troubles().isEmpty());
        write(before, -1);
        before.machine.powerCut();
        assertEquals(other, leader());
        for (int i = 0; i < 100; i++) {
            write(other, i);
        }
        world.runUntil(() -> status(third).condition().troubles().size() == 2);
        NodeStatus.Trouble first = status(third).condition().troubles().getFirst();
        assertEquals("volume v has 1 of 2 copies in sync, without " + name(before.number - 1), first.what());
        world.runUntil(() -> events(third, "").stream().anyMatch(what -> what.endsWith("is not reached any more")));
        assertEquals(first, status(third).condition().troubles().getFirst(), "it is wrong since it began");
        before.start();
        world.runUntil(() -> before.ready && other.isWhole());
        String name = name(before.number - 1);
        inOrder(
                events(other, "v"),
                "takes over from " + name + ", last heard of 1.",
                name + " catches up: it gets the changes that it missed, one by one, about 4K",
                "has " + name + " in sync again",
                name + " has caught up: replay, predicted 4K, sent 4K, in ");
        world.runUntil(() -> events(third, "v").size() >= 2
                && events(third, "").stream().anyMatch(what -> what.contains(" is reached again"))
                && events(third, "").stream().anyMatch(what -> what.contains("node " + name + " was started again")));
        inOrder(
                events(third, ""),
                "node " + name + " is not reached any more",
                "node " + name + " is reached again, after ");
        world.runUntil(() -> status(third).condition().troubles().isEmpty());
    }

    private Optional<VolumeCheck> check(Place place) {
        List<Optional<VolumeCheck>> told = new ArrayList<>();
        place.node.orElseThrow().comparison("v", told::add);
        world.runUntil(() -> !told.isEmpty());
        return told.getFirst();
    }

    private void beginCheck(Place place) {
        world.runUntil(
                () -> status(place).mirrors().getFirst().known().missing().isEmpty());
        List<Optional<Result.Refused>> told = new ArrayList<>();
        place.node.orElseThrow().compare("v", true, told::add);
        world.runUntil(() -> !told.isEmpty());
        assertEquals(Optional.empty(), told.getFirst());
    }

    private VolumeCheck checked(Place place) {
        beginCheck(place);
        world.runUntil(() -> check(place).filter(one -> !one.running()).isPresent());
        return check(place).orElseThrow();
    }

    private boolean hasSnapshot(Place place) {
        return !status(place).snapshots().isEmpty();
    }

    @Test
    void copiesAreComparedWhileClientsWriteAndTheSnapshotGoes() {
        begin(12);
        mirrored();
        Place leads = leader();
        Place other = places.get(leads.number == 1 ? 1 : 0);
        world.runUntil(leads::isWhole);
        overwrite(leads, GIB, 300);
        beginCheck(other);
        while (check(other).orElseThrow().running()) {
            overwrite(leads, GIB, 5);
        }
        VolumeCheck check = check(other).orElseThrow();
        assertTrue(check.summary().startsWith("2 copies ("), check::toString);
        world.runUntil(() -> !hasSnapshot(other));
        inOrder(events(other, "v"), check.summary());
        done(leads, new Operation.CreateSnapshot("v", "s"));
        List<String> late = new ArrayList<>(); // Of one that has not heard yet that it is in sync.
        Comparing comparing = other.copy().orElseThrow().replica().comparing();
        world.run(other.disk().loop(), () -> comparing.begin(2, false, Optional.empty(), end -> late.add(end.why())));
        world.runUntil(() -> !late.isEmpty());
        assertEquals(List.of(""), late);
    }

    @Test
    void aCopyThatDiffersIsFoundAndIsATroubleUntilItDoesNot() {
        begin(13);
        mirrored();
        Place leads = leader();
        Place other = places.get(leads.number == 1 ? 1 : 0);
        world.runUntil(leads::isWhole);
        overwrite(leads, GIB / 8, 100);
        assertEquals("", checked(leads).why());
        Mutant.plant("store.page-damaged");
        overwrite(other.isWhole() ? other : leads, GIB / 8, 600);
        VolumeCheck check = checked(leads);
        Mutant.remove();
        assertTrue(check.differingBlocks() > 0 && !check.differences().isEmpty(), check::toString);
        assertEquals(
                check.differingBlocks() * BLOCK,
                check.differences().stream()
                        .mapToLong(VolumeCheck.Difference::lengthBytes)
                        .sum());
        assertTrue(status(leads).condition().troubles().stream()
                .anyMatch(trouble -> trouble.what().contains("differ in " + check.differingBlocks())));
        overwrite(leads, GIB / 8, 600);
        assertEquals(0, checked(leads).differingBlocks());
        assertEquals(List.of(), status(leads).condition().troubles());
    }

    @Test
    void aComparisonWhoseNodeDiesLeavesNothingBehind() {
        begin(14);
        mirrored();
        Place leads = leader();
        Place other = places.get(leads.number == 1 ? 1 : 0);
        world.runUntil(leads::isWhole);
        overwrite(leads, GIB, 100);
        beginCheck(other);
        world.runUntil(() -> hasSnapshot(leads));
        other.machine.kill();
        world.runUntil(() -> !hasSnapshot(leads));
        other.start();
        world.runUntil(() -> other.ready && leads.isWhole());
        world.runUntil(
                () -> status(leads).mirrors().getFirst().known().missing().isEmpty());
        leads.node.orElseThrow().compare("v", true, refused -> assertEquals(Optional.empty(), refused));
        Node node = leads.node.orElseThrow();
        world.runUntil(() ->
                !world.call(node.control(), () -> node.state().snapshots()).isEmpty());
        other.machine.powerCut();
        world.runUntil(() -> !check(leads).orElseThrow().running());
        assertNotEquals("", check(leads).orElseThrow().why());
        world.runUntil(() -> !hasSnapshot(leads));
    }

    /** Submits, and says how that ended. */
    private Result result(Place asked, Operation operation) {
        List<Result> results = new ArrayList<>();
        asked.node.orElseThrow().submit(new Id128(5, ++operations), operation, results::add);
        world.runUntil(() -> !results.isEmpty());
        return results.getFirst();
    }

    private static String why(Result result) {
        return assertInstanceOf(Result.Refused.class, result, result::toString).why();
    }

    private Operation.AcceptLoss acceptance(Place from, List<String> gone) {
        return new Operation.AcceptLoss("v", from.machine.name(), gone, false, new Change.Audit("me", 7));
    }

    @Test
    void whenTheNewestCopyIsGoneAPersonGoesOnWithAnOlderOneAndTheOtherIsKept() {
        begin(15);
        mirrored();
        Place newest = leader();
        Place older = places.get(newest.number == 1 ? 1 : 0);
        Place third = places.get(2);
        world.runUntil(newest::isWhole);
        write(newest, 1);
        older.machine.kill();
        world.runUntil(() -> leader().equals(newest) && !newest.isWhole());
        overwrite(newest, GIB, 50);
        write(newest, 2);
        newest.machine.kill();
        older.start();
        world.runUntil(() -> older.ready && older.copy().isPresent());
        String goneName = newest.machine.name();
        assertTrue(why(result(third, acceptance(older, List.of()))).contains("--gone " + goneName));
        done(third, acceptance(older, List.of(goneName)));
        assertTrue(older.leads());
        inOrder(
                events(older, "v"),
                "me accepted that what only others had is lost: " + goneName + " (kept there as v.");
        assertEquals(1, read(older));
        write(older, 3);
        newest.start();
        world.runUntil(() -> newest.ready);
        assertFalse(newest.leads());
        Node back = newest.node.orElseThrow();
        VolumeInfo info = world.call(back.control(), () -> back.state().volumes()).stream()
                .filter(volume -> volume.name().startsWith("v.passed-over-" + goneName))
                .findFirst()
                .orElseThrow();
        String passed = info.name();
        BlockVolume kept = world.call(
                back.control(),
                () -> back.replicas().poolHere(info).orElseThrow().volume(1).orElseThrow());
        assertEquals(2, value(kept), "what was passed over is a volume of its own");
        assertTrue(
                why(result(third, new Operation.AddCopy("v", "p-" + goneName))).contains("volume rm " + passed));
        done(third, new Operation.AddCopy("v", "p-" + third.machine.name()));
        world.runUntil(older::isWhole);
        done(third, new Operation.DeleteVolume(passed));
        done(third, new Operation.AddCopy("v", "p-" + goneName));
        world.runUntil(() -> status(older).mirrors().getFirst().known().inSync().size() == 3);
        assertEquals(3, read(older));
        done(third, new Operation.DeleteVolume("v"));
    }

    @Test
    void aLossIsNotAcceptedWhileWhoHasEverythingIsReached() {
        begin(16);
        mirrored();
        Place newest = leader();
        Place older = places.get(newest.number == 1 ? 1 : 0);
        world.runUntil(newest::isWhole);
        assertTrue(why(result(places.get(2), acceptance(older, List.of(newest.machine.name()))))
                .contains("is in sync, and goes on by itself"));
        older.machine.powerCut();
        world.runUntil(() -> !newest.isWhole());
        write(newest, 1);
        older.start();
        world.runUntil(() -> older.ready && older.copy().isPresent());
        Result result = result(places.get(2), acceptance(older, List.of(newest.machine.name())));
        assertFalse(result instanceof Result.Done, result::toString);
        world.runUntil(newest::isWhole);
        assertEquals(1, read(newest));
    }

    /** The control log of all is lost, and one node's disk is left. */
    @Test
    void aCopyComesBackFromItsDiskAloneAsAVolumeOfThatNode() {
        begin(17);
        mirrored();
        Place leads = leader();
        world.runUntil(leads::isWhole);
        write(leads, 1);
        done(leads, new Operation.CreateSnapshot("v", "s"));
        write(leads, 2);
        Node lost = leads.node.orElseThrow();
        Id128 pool = world.call(lost.control(), () -> lost.state().pool("p-" + leads.machine.name()))
                .orElseThrow()
                .id();
        leads.machine.kill();
        RecoveredLog.Found found = new RecoveredLog.Found(pool, "main", List.of("/d0"), Protection.SINGLE);
        RecoveredPlace.begun(
                world, leads.machine, RecoveredLog.records(new Id128(1, 1), new Id128(1, 9), "again", List.of(found)));
        Node first = RecoveredPlace.started(world, leads.machine, leads.config("again"));
        List<List<String>> told = new ArrayList<>();
        first.adopt(told::add);
        world.runUntil(() -> !told.isEmpty());
        assertEquals(1, told.getFirst().size(), told::toString);
        leads.machine.kill();
        Node again = RecoveredPlace.started(world, leads.machine, leads.config("again"));
        VolumeInfo info =
                world.call(again.control(), () -> again.state().volume("v").orElseThrow());
        assertEquals(GIB, info.sizeBytes());
        BlockVolume volume = world.call(
                again.control(),
                () -> again.replicas().poolHere(info).orElseThrow().volume(1).orElseThrow());
        assertEquals(2, value(volume));
        List<NodeStatus> status = new ArrayList<>();
        again.status(status::add);
        world.runUntil(() -> !status.isEmpty());
        assertEquals(1, status.getFirst().snapshots().size());
        assertEquals(List.of(), status.getFirst().condition().notes());
    }

    private int value(BlockVolume volume) {
        ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
        assertEquals(Status.OK, submit(volume, Request.Kind.READ, 0, data));
        return data.getInt(0);
    }

    /** Random blocks, every fifth of forty that are written over and over; returns how many different ones. */
    private int overwrite(Place place, long sizeBytes, int writes) {
        SplittableRandom random = new SplittableRandom(writes);
        TreeSet<Long> touched = new TreeSet<>();
        ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
        for (int i = 0; i < writes; i++) {
            long block = i % 5 == 0 ? random.nextInt(40) : random.nextLong(sizeBytes / BLOCK);
            touched.add(block);
            data.clear().putInt(0, i);
            data.clear();
            assertEquals(Status.OK, submit(place.disk(), Request.Kind.WRITE, block * BLOCK, data));
        }
        assertEquals(Status.OK, submit(place.disk(), Request.Kind.FLUSH, ByteBuffer.allocate(0)));
        return touched.size();
    }

    /** Catch-ups that a primary has brought to their end. */
    private List<CatchUp> caughtUp(Place place) {
        List<List<Event>> told = new ArrayList<>();
        place.node.orElseThrow().events(0, "v", told::add);
        world.runUntil(() -> !told.isEmpty());
        return told.getFirst().stream()
                .flatMap(event -> event.caughtUp().stream())
                .map(NodeStatus.Behind::how)
                .toList();
    }

    /** A copy that was away for so many writes gets as many bytes as it differs by, and that is known before. */
    private void catchesUpWithNothingTwice(long sizeBytes, int writes, CatchUp.Rung rung) {
        begin(11);
        mirrored(sizeBytes);
        Place before = leader();
        Place away = places.get(before.number == 1 ? 1 : 0);
        world.runUntil(before::isWhole);
        overwrite(before, sizeBytes, 500);
        world.runFor(12_000_000_000L); // So that a root of both has them: an image begins at one.
        away.machine.kill();
        long differing = (long) overwrite(before, sizeBytes, writes) * BLOCK;
        away.start();
        world.runUntil(() -> away.ready && before.isWhole());
        world.runUntil(() -> !caughtUp(before).isEmpty());
        CatchUp was = caughtUp(before).getLast();
        String figures = was + " of " + differing;
        assertEquals(rung, was.rung(), figures);
        assertTrue(was.bytes().sent() >= differing && was.bytes().sent() * 100 <= differing * 101, figures);
        assertTrue(was.bytes().predicted() >= differing && was.bytes().predicted() * 100 <= differing * 101, figures);
    }

    @Test
    void aCopyThatWasAwayForAFewWritesGetsEachBlockOnceWhateverTheVolumesSize() {
        catchesUpWithNothingTwice(64L << 20, 1000, CatchUp.Rung.REPLAY);
        catchesUpWithNothingTwice(10 * GIB, 1000, CatchUp.Rung.REPLAY);
    }

    @Test
    void aCopyThatWasAwayForLongGetsEachBlockOnceWhateverTheVolumesSize() {
        catchesUpWithNothingTwice(256L << 20, 8000, CatchUp.Rung.IMAGE_SINCE);
        catchesUpWithNothingTwice(10 * GIB, 8000, CatchUp.Rung.IMAGE_SINCE);
    }

    /** How a copy is brought up to date that was away while the other one went on, made roots, and started again. */
    private CatchUp.Rung rungAfterAStartOfTheOther() {
        begin(12);
        mirrored(64L << 20);
        Place before = leader();
        Place away = places.get(before.number == 1 ? 1 : 0);
        world.runUntil(before::isWhole);
        away.machine.kill();
        overwrite(before, 64L << 20, 100);
        world.runFor(12_000_000_000L);
        before.machine.kill();
        before.start();
        world.runUntil(() -> before.ready && before.leads());
        away.start();
        world.runUntil(() -> away.ready && before.isWhole());
        world.runUntil(() -> !caughtUp(before).isEmpty());
        return caughtUp(before).getLast().rung();
    }

    @Test
    void aCopyThatWasAwayIsToldWhatItMissedThoughTheOtherStartedAgain() {
        assertEquals(CatchUp.Rung.REPLAY, rungAfterAStartOfTheOther());
        Mutant.plant("replica.root-what-others-lack");
        try {
            assertEquals(CatchUp.Rung.IMAGE_OF_ALL, rungAfterAStartOfTheOther());
        } finally {
            Mutant.remove();
        }
    }

    @Test
    void aCopyMovesToAnotherNodeAndBack() {
        for (long seed = 11; seed <= 15; seed++) {
            begin(seed);
            mirrored();
            Place first = leader();
            write(first, 1);
            Place other = places.get(first.number == 1 ? 1 : 0);
            Place third = places.get(2);
            for (int round = 0; round < 2; round++) {
                Place goes = round == 0 ? other : third;
                Place comes = round == 0 ? third : other;
                done(first, new Operation.AddCopy("v", round == 0 ? "" : "p-" + comes.machine.name()));
                world.runUntil(() -> isInSync(comes, 3));
                goes.machine.kill();
                world.runUntil(() -> isInSync(comes, 2) && hasActed(comes));
                done(first, new Operation.RemoveCopy("v", "p-" + goes.machine.name()));
                write(leader(), 2 + round);
                first.machine.kill();
                world.runUntil(comes::leads);
                assertEquals(2 + round, read(comes), "seed " + seed);
                first.start();
                goes.start();
                world.runUntil(() -> first.ready && goes.ready && comes.isWhole());
            }
        }
    }

    @Test
    void copiesMoveWhileTheirNodesGoOnWhoeverLeads() {
        for (long seed = 31; seed <= 35; seed++) {
            begin(seed);
            mirrored();
            write(leader(), 1);
            List<Place> has = new ArrayList<>(places.subList(0, 2));
            Place comes = places.get(2);
            for (int round = 0; round < 4; round++) {
                Place arrives = comes;
                done(leader(), new Operation.AddCopy("v", "p-" + comes.machine.name()));
                world.runUntil(() -> isInSync(arrives, 3));
                boolean leads = round % 2 == 0;
                Place goes = has.get(has.get(0).leads() == leads ? 0 : 1);
                done(places.get(round % 3), new Operation.RemoveCopy("v", "p-" + goes.machine.name()));
                has.remove(goes);
                has.add(comes);
                world.runUntil(() -> goes.copy().isEmpty() && has.stream().allMatch(place -> isInSync(place, 2)));
                write(leader(), 2 + round);
                comes = goes;
            }
            Place last = leader();
            last.machine.kill();
            has.remove(last);
            world.runUntil(has.getFirst()::leads);
            assertEquals(5, read(has.getFirst()), "seed " + seed);
        }
    }

    private boolean hasActed(Place place) {
        Replicas.Copy copy = place.copy().orElseThrow();
        return world.call(copy.volume().loop(), () -> copy.replica().authority().isActedIn());
    }

    private boolean isInSync(Place place, int members) {
        return place.copy()
                .filter(copy -> place.on(copy, () -> isOneOf(copy.replica(), members)))
                .isPresent();
    }

    private static boolean isOneOf(RunningReplica replica, int members) {
        return replica.authority()
                .newest()
                .filter(set -> set.inSync().size() == members
                        && replica.replica()
                                .filter(own -> set.has(own.member()))
                                .isPresent())
                .isPresent();
    }

    /** Whoever leads does it; its death in the middle changes nothing but how long it takes. */
    @Test
    void sizesAndSnapshotsGoThroughTheLogWhoeverDies() {
        for (long seed = 21; seed <= 26; seed++) {
            begin(seed);
            mirrored();
            Place first = leader();
            write(first, 1);
            Place other = places.get(first.number == 1 ? 1 : 0);
            during(first, new Operation.ResizeVolume("v", 2 * GIB, false));
            world.runUntil(() -> leader().isWhole() && sizesHere(first, 2 * GIB) && sizesHere(other, 2 * GIB));
            Place next = leader();
            during(next, new Operation.CreateSnapshot("v", "s"));
            world.runUntil(() -> snapshots(first) == 1 && snapshots(other) == 1);
            world.runUntil(() -> leader().isWhole());
            during(leader(), new Operation.DeleteSnapshot("v", "s"));
            write(leader(), 2);
            world.runUntil(() -> snapshots(first) == 0 && snapshots(other) == 0);
        }
    }

    /** Asks the third node for it, ends the one that leads a moment later, and waits until it is done. */
    private void during(Place leads, Operation operation) {
        List<Result> results = new ArrayList<>();
        places.get(2).node.orElseThrow().submit(new Id128(5, ++operations), operation, results::add);
        world.runFor(world.random().below(20_000_000));
        leads.machine.kill();
        world.runUntil(() -> !results.isEmpty());
        assertInstanceOf(Result.Done.class, results.getFirst(), results.getFirst()::toString);
        leads.start();
        world.runUntil(() -> leads.ready);
    }

    private boolean sizesHere(Place place, long bytes) {
        return place.copy()
                .filter(copy -> place.on(copy, copy.volume()::sizeBytes) == bytes)
                .isPresent();
    }

    /** How many snapshots the newest root of the copy's pool has; less than nothing if the node does not run. */
    private int snapshots(Place place) {
        if (!place.ready || !place.machine.isRunning()) {
            return -1;
        }
        List<NodeStatus> told = new ArrayList<>();
        place.node.orElseThrow().status(told::add);
        world.runUntil(() -> !told.isEmpty());
        return told.getFirst().pools().stream()
                .flatMap(pool -> pool.measured().stream())
                .flatMap(found -> found.shards().stream())
                .mapToInt(shard -> shard.snapshots().size())
                .sum();
    }

    @Test
    void whatKeepsTooManyCopiesOrIsNotMirroredGetsNone() {
        begin(16);
        mirrored();
        Operation sameNode = new Operation.AddCopy("v", "p-" + name(0));
        refused(sameNode, "keeps a copy of volume v already");
        done(places.getFirst(), new Operation.AddCopy("v", ""));
        refused(new Operation.AddCopy("v", ""), "no other node has a pool");
        done(places.getFirst(), new Operation.CreateVolume("alone", "p-" + name(0), GIB));
        refused(new Operation.AddCopy("alone", "p-" + name(1)), "was made without copies");
    }

    private void refused(Operation operation, String why) {
        List<Result> results = new ArrayList<>();
        places.getFirst().node.orElseThrow().submit(new Id128(5, ++operations), operation, results::add);
        world.runUntil(() -> !results.isEmpty());
        String said = results.getFirst().toString();
        assertTrue(results.getFirst() instanceof Result.Refused && said.contains(why), said);
    }

    @Test
    void aMirroredVolumeThatIsDeletedIsGoneFromEveryPool() {
        begin(6);
        mirrored();
        Place first = leader();
        write(first, 1);
        done(places.get(2), new Operation.DeleteVolume("v"));
        for (Place place : places) {
            List<NodeStatus> told = new ArrayList<>();
            place.node.orElseThrow().status(told::add);
            world.runUntil(() -> !told.isEmpty());
            assertEquals(List.of(), told.getFirst().volumes());
            assertEquals(
                    0,
                    told.getFirst().pools().stream()
                            .flatMap(pool -> pool.measured().stream())
                            .mapToInt(found -> found.shards().size())
                            .sum());
            assertEquals(Optional.empty(), place.copy());
        }
    }
}
