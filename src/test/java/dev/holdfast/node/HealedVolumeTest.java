package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.device.Protection;
import dev.holdfast.frontend.http.Event;
import dev.holdfast.io.Network;
import dev.holdfast.replica.PrimaryVolume;
import dev.holdfast.sim.world.Medium;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Three whole nodes and a volume with two copies: a block that rots on the disk of one is whole again. */
final class HealedVolumeTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 50;
    private static final int VICTIM = 17;

    private final SimWorld world = new SimWorld(3);
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
            machine.plug("/d0", 1L << 30);
        }

        void start() {
            SimProcess process = machine.isRunning() ? machine.process() : machine.start();
            String name = machine.name();
            NodeConfig config = new NodeConfig(
                    new Controller.Starting(name, name + ":1", Optional.of(new Id128(1, number))),
                    "/dir",
                    new NodeConfig.Memory("", 16 << 20, ""),
                    2,
                    64 << 20,
                    List.of(new Network.Address.Tcp(name, 10_809)),
                    new Network.Address.Tcp(name, 7000),
                    "");
            Node started = new Node(process, process.orderedLog("control"), config);
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

        Optional<Replicas.Copy> copy() {
            return node.filter(running -> ready && machine.isRunning())
                    .flatMap(running -> world.call(
                            running.control(), () -> running.replicas().copy(1)));
        }

        /** Whether it leads and so many copies are in sync. */
        boolean leads(int copies) {
            return copy().filter(copy -> world.call(
                            copy.volume().loop(),
                            () -> copy.volume().reign() > 0
                                    && copy.replica()
                                                    .authority()
                                                    .newest()
                                                    .orElseThrow()
                                                    .inSync()
                                                    .size()
                                            == copies))
                    .isPresent();
        }

        /** Where its disk has the victim, or had. */
        long victim() {
            Medium medium = machine.device("/d0").medium();
            return LongStream.of(medium.storedBlocks())
                    .filter(block -> block > (17 << 20) / BLOCK && Arrays.equals(medium.read(block), bytes(VICTIM)))
                    .findFirst()
                    .orElseThrow();
        }

        byte[] onDisk(long block) {
            return machine.device("/d0").medium().read(block);
        }

        boolean tells(String what) {
            List<List<Event>> told = new ArrayList<>();
            node.orElseThrow().events(0, "v", told::add);
            world.runUntil(() -> !told.isEmpty());
            return told.getFirst().stream().anyMatch(event -> event.what().contains(what));
        }
    }

    private static byte[] bytes(int block) {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) (block + 1));
        return bytes;
    }

    private void done(Operation operation) {
        List<Result> results = new ArrayList<>();
        places.getFirst().node.orElseThrow().submit(new Id128(5, ++operations), operation, results::add);
        world.runUntil(() -> !results.isEmpty());
        assertInstanceOf(Result.Done.class, results.getFirst(), results.getFirst()::toString);
    }

    private Status submit(PrimaryVolume disk, Request.Kind kind, int block, ByteBuffer data) {
        List<Status> ended = new ArrayList<>();
        Request request = new Request(new Request.Completion() {
            @Override
            public ByteBuffer readSpace(Request of) {
                return data;
            }

            @Override
            public void extent(Request of, long lengthBytes, boolean allocated) {}

            @Override
            public void completed(Request of, Status status) {
                ended.add(status);
            }
        });
        request.kind = kind;
        request.offset = (long) block * BLOCK;
        request.lengthBytes = BLOCK;
        world.runUntil(() -> world.call(disk.loop(), () -> disk.hasRoom(BLOCK)));
        world.run(disk.loop(), () -> {
            if (kind == Request.Kind.WRITE) {
                disk.submitWrite(request, data);
            } else {
                disk.submit(request);
            }
        });
        world.runUntil(() -> !ended.isEmpty());
        return ended.getFirst();
    }

    private void readsAll(Place place) {
        PrimaryVolume disk = place.copy().orElseThrow().volume();
        for (int block = 0; block < BLOCKS; block++) {
            ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
            assertEquals(Status.OK, submit(disk, Request.Kind.READ, block, data));
            byte[] found = new byte[BLOCK];
            data.get(0, found);
            assertArrayEquals(bytes(block), found, "block " + block);
        }
    }

    private Place leader(int copies) {
        world.runUntil(() -> places.stream().anyMatch(place -> place.leads(copies)));
        return places.stream().filter(place -> place.leads(copies)).findFirst().orElseThrow();
    }

    /** A volume of two copies, on disk on both, of which no process has anything in memory. */
    private Place stored() {
        places.add(new Place(world.machine(), 1));
        places.add(new Place(world.newMachine("b"), 2));
        places.add(new Place(world.newMachine("c"), 3));
        places.forEach(Place::start);
        world.runUntil(() -> places.stream().allMatch(place -> place.ready));
        for (Place place : places) {
            String name = place.machine.name();
            done(new Operation.CreatePool("p-" + name, name, List.of("/d0"), Protection.SINGLE, 16 << 20, 0));
        }
        String first = "p-" + places.get(0).machine.name();
        done(new Operation.CreateMirrored("v", List.of(first, "p-b"), 2, 1L << 30));
        PrimaryVolume disk = leader(2).copy().orElseThrow().volume();
        for (int block = 0; block < BLOCKS; block++) {
            ByteBuffer data = ByteBuffer.allocateDirect(BLOCK).put(bytes(block)).flip();
            assertEquals(Status.OK, submit(disk, Request.Kind.WRITE, block, data));
        }
        assertEquals(Status.OK, submit(disk, Request.Kind.FLUSH, 0, ByteBuffer.allocateDirect(0)));
        world.runFor(20_000_000_000L);
        for (Place place : places.subList(0, 2)) {
            place.machine.kill();
            place.start();
            world.runUntil(() -> place.ready);
            leader(2);
        }
        return leader(2);
    }

    @Test
    void aBlockThatRotsUnderWhoLeadsIsReadFromTheOtherAndWholeAgainOnDisk() {
        Place leads = stored();
        Place other = places.get(leads.number == 1 ? 1 : 0);
        long victim = leads.victim();
        leads.machine.device("/d0").medium().rot(victim, 4099);
        readsAll(leads);
        world.runFor(10_000_000_000L);
        assertArrayEquals(bytes(VICTIM), leads.onDisk(victim), "written to its place");
        assertTrue(leads.tells("healed from another copy: that on " + other.machine.name()));
        other.machine.kill();
        leads.machine.kill();
        leads.start();
        assertEquals(leads, leader(1));
        readsAll(leads);
    }

    @Test
    void aBlockThatRotsOnTheOtherIsHealedByAComparisonThatReads() {
        Place leads = stored();
        Place other = places.get(leads.number == 1 ? 1 : 0);
        long victim = other.victim();
        other.machine.device("/d0").medium().rot(victim, 4099);
        List<Object> told = new ArrayList<>();
        leads.node.orElseThrow().compare("v", true, told::add);
        world.runUntil(() -> !told.isEmpty());
        assertEquals(Optional.empty(), told.getFirst());
        world.runUntil(() -> Arrays.equals(bytes(VICTIM), other.onDisk(victim)));
        world.runUntil(() -> other.tells("healed from another copy: that on " + leads.machine.name()));
    }
}
