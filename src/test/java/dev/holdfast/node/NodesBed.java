package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.device.Protection;
import dev.holdfast.io.Network;
import dev.holdfast.mirror.ReplicaSet;
import dev.holdfast.replica.PrimaryVolume;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Three whole nodes of one cluster in the simulated world, a pool on each, and volume {@code v} on the first ones. */
final class NodesBed {
    static final int BLOCK = 4096;
    static final long GIB = 1L << 30;

    final SimWorld world;
    final List<Place> places = new ArrayList<>();
    private int operations;

    /** Starts them and makes the pools. */
    NodesBed(long seed) {
        world = new SimWorld(seed);
        places.add(new Place(world.machine(), 1));
        places.add(new Place(world.newMachine("b"), 2));
        places.add(new Place(world.newMachine("c"), 3));
        places.forEach(Place::start);
        world.runUntil(() -> places.stream().allMatch(place -> place.ready));
        for (Place place : places) {
            done(new Operation.CreatePool(
                    place.pool(), place.machine.name(), List.of("/d0"), Protection.SINGLE, 16 << 20, 0));
        }
    }

    /** A machine and the node on it. */
    final class Place {
        final SimMachine machine;
        final int number;
        Optional<Node> node = Optional.empty();
        boolean ready;

        private Place(SimMachine machine, int number) {
            this.machine = machine;
            this.number = number;
            machine.plug("/d0", GIB);
        }

        String pool() {
            return "p-" + machine.name();
        }

        void start() {
            SimProcess process = machine.isRunning() ? machine.process() : machine.start();
            Node started = new Node(process, process.orderedLog("control"), config(machine.name()));
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

        private NodeConfig config(String name) {
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

        /** Whether it leads and so many copies are in sync. */
        boolean leads(int copies) {
            return copy().filter(copy -> world.call(copy.volume().loop(), () -> {
                        Optional<ReplicaSet> set = copy.replica().authority().newest();
                        return copy.volume().reign() > 0
                                && set.orElseThrow().inSync().size() == copies;
                    }))
                    .isPresent();
        }
    }

    void done(Operation operation) {
        List<Result> results = new ArrayList<>();
        places.getFirst().node.orElseThrow().submit(new Id128(5, ++operations), operation, results::add);
        world.runUntil(() -> !results.isEmpty());
        assertInstanceOf(Result.Done.class, results.getFirst(), results.getFirst()::toString);
    }

    /** Makes {@code v}, of 1 GiB. */
    void mirrored(int copies) {
        List<String> pools = places.subList(0, copies).stream().map(Place::pool).toList();
        done(new Operation.CreateMirrored("v", pools, copies, GIB));
    }

    /** Waits for a place that leads while so many copies are in sync. */
    Place leader(int copies) {
        world.runUntil(() -> places.stream().anyMatch(place -> place.leads(copies)));
        return places.stream().filter(place -> place.leads(copies)).findFirst().orElseThrow();
    }

    /** One request of one block, at most; waits for its end. */
    static Status submit(SimWorld world, BlockVolume disk, Request.Kind kind, long offset, ByteBuffer data) {
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
        request.offset = offset;
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
}
