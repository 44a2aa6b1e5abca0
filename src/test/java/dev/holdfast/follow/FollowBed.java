package dev.holdfast.follow;

import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.frontend.nbd.NbdExports;
import dev.holdfast.frontend.nbd.NbdLimits;
import dev.holdfast.frontend.nbd.NbdServer;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Simulated nodes with a copy of one disk each, NBD servers that know sessions, and clients that follow. */
final class FollowBed {
    static final String VOLUME = "demo";
    private static final int PORT = 10809;

    final SimWorld world;
    final SharedDisk disk = new SharedDisk();
    final List<Node> nodes = new ArrayList<>();

    FollowBed(long seed, int count) {
        world = new SimWorld(seed);
        for (int i = 0; i < count; i++) {
            Node node = new Node(world.newMachine("node-" + i));
            nodes.add(node);
            node.start();
        }
        world.runFor(1_000_000);
    }

    List<Address> addresses() {
        return nodes.stream().map(Node::address).toList();
    }

    void lead(int node) {
        world.run(nodes.get(node).loop, () -> disk.lead(nodes.get(node).copy));
    }

    /** One that has no copy, on the first machine. */
    Client client() {
        return new Client(world.newLoop("client"), Optional.empty());
    }

    final class Node implements NbdExports {
        final SimMachine machine;
        SimLoop loop;
        SharedDisk.Copy copy;
        Sessions sessions;

        Node(SimMachine machine) {
            this.machine = machine;
        }

        void start() {
            machine.start();
            loop = machine.process().newLoop("shard");
            copy = disk.copy(loop);
            sessions = new Sessions(copy);
            SimLoop control = machine.process().newLoop("control");
            control.post(() -> {
                try {
                    new NbdServer(control, this, NbdLimits.DEFAULTS)
                            .listen(machine.process().network(), address());
                } catch (WorldException taken) {
                    throw new AssertionError(taken);
                }
            });
        }

        Address address() {
            return new Address.Tcp(machine.name(), PORT);
        }

        Client client() {
            return new Client(loop, Optional.of(sessions));
        }

        @Override
        public Optional<BlockVolume> find(String name) {
            return SessionName.of(name)
                    .filter(path -> path.volume().equals(VOLUME))
                    .map(path -> sessions.open(path.session(), path.number()));
        }

        @Override
        public List<String> names() {
            return List.of();
        }
    }

    /** Who uses a followed volume; what it asks is answered once. */
    final class Client {
        final SimLoop loop;
        final FollowedVolume volume;

        Client(SimLoop loop, Optional<Sessions> here) {
            this.loop = loop;
            Id128 session = new Id128(world.random().nextLong(), 1);
            Followed what = new Followed(VOLUME, SharedDisk.SIZE_BYTES, session, FollowTerms.DEFAULTS);
            List<Address> others = nodes.stream()
                    .filter(node -> node.loop != loop)
                    .map(Node::address)
                    .toList();
            SimProcess process = nodes.stream()
                    .filter(node -> node.loop == loop)
                    .map(node -> node.machine.process())
                    .findFirst()
                    .orElse(world.machine().process());
            Places places = new Places(() -> here, process.network(), () -> others);
            volume = new FollowedVolume(what, places, loop, process.clock());
        }

        Asked write(long offset, int lengthBytes, int value) {
            byte[] data = new byte[lengthBytes];
            java.util.Arrays.fill(data, (byte) value);
            Asked asked = asked(Request.Kind.WRITE, offset, lengthBytes);
            loop.post(() -> volume.submitWrite(asked.request, ByteBuffer.wrap(data)));
            return asked;
        }

        Asked ask(Request.Kind kind, long offset, int lengthBytes) {
            Asked asked = asked(kind, offset, lengthBytes);
            asked.request.maxExtents = 100;
            loop.post(() -> volume.submit(asked.request));
            return asked;
        }

        private Asked asked(Request.Kind kind, long offset, int lengthBytes) {
            Asked asked = new Asked();
            asked.request.kind = kind;
            asked.request.offset = offset;
            asked.request.lengthBytes = lengthBytes;
            return asked;
        }
    }

    /** A request and what became of it. */
    final class Asked implements Request.Completion {
        final Request request = new Request(this);
        final List<Status> answers = new ArrayList<>();
        final List<String> extents = new ArrayList<>();
        byte[] read = new byte[0];
        private ByteBuffer space = ByteBuffer.allocateDirect(0);

        Status answer() {
            world.runUntil(() -> !answers.isEmpty(), 60_000_000_000L);
            return answers.getFirst();
        }

        boolean isAnswered() {
            return !answers.isEmpty();
        }

        @Override
        public ByteBuffer readSpace(Request of) {
            space = ByteBuffer.allocateDirect((int) of.lengthBytes);
            return space;
        }

        @Override
        public void extent(Request of, long lengthBytes, boolean allocated) {
            extents.add(lengthBytes + (allocated ? " taken" : " free"));
        }

        @Override
        public void completed(Request of, Status status) {
            answers.add(status);
            read = new byte[space.capacity()];
            space.get(0, read);
        }
    }
}
