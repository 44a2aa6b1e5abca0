package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.device.Protection;
import dev.holdfast.frontend.http.Event;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.io.Network;
import dev.holdfast.replica.PrimaryVolume;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Whole nodes in the simulated world, of which one is drained under writes. Each believes that it leads the control
 * log, so that all of them propose every step: that does no harm.
 */
final class DrainTest {
    private static final long GIB = 1L << 30;
    private static final int BLOCK = 4096;
    private static final long LOOK_NANOS = 50_000_000L;

    private SimWorld world = new SimWorld(0);
    private final List<Place> places = new ArrayList<>();
    private final TreeMap<Integer, Integer> written = new TreeMap<>();
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

        String name() {
            return machine.name();
        }

        void start() {
            SimProcess process = machine.isRunning() ? machine.process() : machine.start();
            Node started = new Node(process, process.orderedLog("control"), config());
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

        private NodeConfig config() {
            return new NodeConfig(
                    new Controller.Starting(name(), name() + ":1", Optional.of(new Id128(1, number))),
                    "/dir",
                    new NodeConfig.Memory("", 16 << 20, ""),
                    2,
                    64 << 20,
                    List.of(new Network.Address.Tcp(name(), 10_809)),
                    new Network.Address.Tcp(name(), 7000),
                    "");
        }

        boolean isUp() {
            return ready && machine.isRunning();
        }

        /** Its copy of a volume, if it keeps one and serves it. */
        Optional<PrimaryVolume> leads(int shard) {
            return node.filter(running -> isUp())
                    .flatMap(running -> world.call(
                            running.control(), () -> running.replicas().copy(shard)))
                    .map(Replicas.Copy::volume)
                    .filter(disk -> world.call(disk.loop(), disk::reign) > 0);
        }
    }

    private void begin(long seed, int nodes) {
        world = new SimWorld(seed);
        places.clear();
        written.clear();
        places.add(new Place(world.machine(), 1));
        for (int number = 2; number <= nodes; number++) {
            places.add(new Place(world.newMachine("n" + number), number));
        }
        places.forEach(Place::start);
        world.runUntil(() -> places.stream().allMatch(place -> place.ready));
        for (Place place : places) {
            List<String> disks = List.of("/d0");
            done(new Operation.CreatePool(pool(place), place.name(), disks, Protection.SINGLE, 16 << 20, 0));
        }
    }

    private static String pool(Place place) {
        return "p-" + place.name();
    }

    private Result result(Operation operation) {
        List<Result> results = new ArrayList<>();
        Place asked = places.stream().filter(Place::isUp).findFirst().orElseThrow();
        asked.node.orElseThrow().submit(new Id128(5, ++operations), operation, results::add);
        world.runUntil(() -> !results.isEmpty());
        return results.getFirst();
    }

    private void done(Operation operation) {
        Result result = result(operation);
        assertInstanceOf(Result.Done.class, result, result::toString);
    }

    private NodeStatus status() {
        List<NodeStatus> told = new ArrayList<>();
        Place asked = places.stream().filter(Place::isUp).findFirst().orElseThrow();
        asked.node.orElseThrow().status(told::add);
        world.runUntil(() -> !told.isEmpty());
        return told.getFirst();
    }

    /** Names of the pools that keep a volume, sorted. */
    private List<String> pools(String volume) {
        NodeStatus status = status();
        VolumeInfo info = status.volumes().stream()
                .filter(found -> found.name().equals(volume))
                .findFirst()
                .orElseThrow();
        return status.pools().stream()
                .filter(pool -> info.pools().contains(pool.info().id()))
                .map(pool -> pool.info().name())
                .sorted()
                .toList();
    }

    private List<NodeStatus.Left> left(String node) {
        List<NodeStatus.Draining> drains = status().node().drains();
        assertEquals(
                List.of(node), drains.stream().map(NodeStatus.Draining::node).toList());
        return drains.getFirst().left();
    }

    private Place leader(int shard) {
        world.runUntil(
                () -> places.stream().anyMatch(place -> place.leads(shard).isPresent()));
        return places.stream()
                .filter(place -> place.leads(shard).isPresent())
                .findFirst()
                .orElseThrow();
    }

    /** As the volume that follows its primary does: who leads no more sends it on, and nothing else may happen. */
    private ByteBuffer request(int shard, Request.Kind kind, ByteBuffer data) {
        for (Status status = Status.MOVED; status != Status.OK; ) {
            Optional<PrimaryVolume> disk = leader(shard).leads(shard);
            status = disk.isPresent() ? submit(disk.get(), kind, data.duplicate()) : Status.MOVED;
            assertTrue(status == Status.OK || status == Status.MOVED, status::toString);
        }
        return data;
    }

    private Status submit(PrimaryVolume disk, Request.Kind kind, ByteBuffer data) {
        return NodesBed.submit(world, disk, kind, 0, data);
    }

    private void write(int shard) {
        int value = written.merge(shard, 1, Integer::sum);
        request(shard, Request.Kind.WRITE, ByteBuffer.allocateDirect(BLOCK).putInt(0, value));
    }

    private void readsBack() {
        written.forEach((shard, value) -> assertEquals(
                value,
                request(shard, Request.Kind.READ, ByteBuffer.allocateDirect(BLOCK))
                        .getInt(0)));
    }

    private void volumeOn(String name, Place... kept) {
        List<String> pools = List.of(kept).stream().map(DrainTest::pool).toList();
        done(new Operation.CreateMirrored(name, pools, pools.size(), GIB));
    }

    /** In sync, but for one that was, and hears of a set so late that its primary goes on without it for a moment. */
    private void hasTwoCopies(NodeStatus.Mirror mirror) {
        MirrorInfo known = mirror.known();
        assertTrue(known.inSync().size() + known.missing().size() >= 2, "two copies, always: " + mirror);
        if (known.inSync().size() < 2) {
            List<String> lost = known.missing().stream()
                    .map(node -> "goes on without " + node)
                    .toList();
            assertTrue(lost.stream().allMatch(what -> tells(mirror.volume().name(), what)), "was in sync: " + mirror);
        }
    }

    private boolean tells(String volume, String what) {
        List<Event> events = new ArrayList<>();
        for (Place place : places) {
            List<List<Event>> told = new ArrayList<>();
            place.node.orElseThrow().events(0, volume, told::add);
            world.runUntil(() -> !told.isEmpty());
            events.addAll(told.getFirst());
        }
        return events.stream().anyMatch(event -> event.what().contains(what));
    }

    @Test
    void whatANodeHasMovesAwayUnderWritesAndNothingElseDoes() {
        for (long seed = 1; seed <= 4; seed++) {
            begin(seed, 4);
            Place one = places.get(0);
            Place two = places.get(1);
            volumeOn("v", one, two);
            volumeOn("w", two, one);
            volumeOn("x", one, places.get(2));
            for (int shard = 1; shard <= 3; shard++) {
                write(shard);
            }
            List<String> before = pools("x");
            Place goes = leader(1).number == two.number || seed % 2 == 0 ? two : leader(1);
            boolean hasThird = goes == one;
            done(new Operation.DrainNode(goes.name(), false));
            while (!left(goes.name()).isEmpty()) {
                for (int shard = 1; shard <= 3; shard++) {
                    write(shard);
                }
                status().mirrors().forEach(this::hasTwoCopies);
                world.runFor(LOOK_NANOS);
            }
            for (String volume : List.of("v", "w", "x")) {
                assertEquals(2, pools(volume).size(), "as many copies as before");
                assertTrue(!pools(volume).contains(pool(goes)), volume + " has left");
            }
            assertTrue(hasThird || before.equals(pools("x")), "x has not moved");
            goes.machine.kill();
            readsBack();
        }
    }

    @Test
    void itGoesOnWhicheverNodeDiesMeanwhile() {
        for (long seed = 11; seed <= 14; seed++) {
            begin(seed, 4);
            SplittableRandom random = new SplittableRandom(seed);
            volumeOn("v", places.get(0), places.get(1));
            volumeOn("w", places.get(1), places.get(0));
            write(1);
            write(2);
            Place goes = places.get(1);
            done(new Operation.DrainNode(goes.name(), false));
            while (!left(goes.name()).isEmpty()) {
                Place dies = places.get(random.nextInt(places.size()));
                dies.machine.kill();
                world.runFor(random.nextLong(3_000_000_000L));
                dies.start();
                world.runUntil(() -> places.stream().allMatch(place -> place.ready));
                write(1);
                write(2);
            }
            assertEquals(2, pools("v").size(), "as many copies as before, seed " + seed);
            assertEquals(2, pools("w").size(), "as many copies as before, seed " + seed);
            readsBack();
        }
    }

    @Test
    void whatCantMoveIsNamedAndStays() {
        begin(21, 2);
        Place one = places.get(0);
        Place two = places.get(1);
        volumeOn("v", one, two);
        done(new Operation.CreateVolume("alone", pool(two), GIB));
        write(1);
        done(new Operation.DrainNode(two.name(), false));
        List<NodeStatus.Left> left = left(two.name());
        assertEquals(2, left.size());
        assertTrue(left.stream().allMatch(NodeStatus.Left::stuck), left.toString());
        assertTrue(left.get(0).what().startsWith("no other node has a pool"), left.toString());
        assertTrue(left.get(1).what().startsWith("it was made without copies"), left.toString());
        assertRefused("is being drained, and gets nothing new", new Operation.CreateVolume("n", pool(two), GIB));
        assertRefused(
                "is being drained, and gets nothing new",
                new Operation.CreateMirrored("n", List.of(pool(one), pool(two)), 2, GIB));
        assertRefused("1 have one", new Operation.CreateMirrored("n", List.of(), 2, GIB));
        assertEquals(
                new Result.AlreadySo("node " + two.name() + " is being drained"),
                result(new Operation.DrainNode(two.name(), false)));
        done(new Operation.EndDrain(two.name()));
        assertEquals(List.of(), status().node().drains());
        assertEquals(
                new Result.AlreadySo("node " + two.name() + " is not being drained"),
                result(new Operation.EndDrain(two.name())));
        done(new Operation.CreateVolume("n", pool(two), GIB));
        assertEquals(List.of(pool(one), pool(two)).stream().sorted().toList(), pools("v"));
        readsBack();
    }

    private void assertRefused(String why, Operation operation) {
        Result.Refused refused = assertInstanceOf(Result.Refused.class, result(operation));
        assertTrue(refused.why().contains(why), refused.why());
    }

    @Test
    void twoNodesAreDrainedAtOnce() {
        begin(31, 4);
        volumeOn("v", places.get(0), places.get(1));
        write(1);
        done(new Operation.DrainNode(places.get(0).name(), false));
        done(new Operation.DrainNode(places.get(1).name(), false));
        List<String> wanted = List.of(pool(places.get(2)), pool(places.get(3))).stream()
                .sorted()
                .toList();
        while (!pools("v").equals(wanted)) {
            assertNotEquals(1, pools("v").size(), "never fewer than there were");
            write(1);
            world.runFor(LOOK_NANOS);
        }
        readsBack();
    }
}
