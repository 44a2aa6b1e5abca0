package dev.holdfast.frontend.nbd;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Network;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A server with one disk, {@code demo}, on a loop of its own, and clients that reach it in memory. */
final class TestBed implements NbdExports {
    static final int SIZE_BYTES = 40 << 20;

    final FakeLoops loops = new FakeLoops();
    final FakeLoops.FakeLoop serverLoop = loops.loop("server");
    final FakeLoops.FakeLoop volumeLoop = loops.loop("volume");
    final MemoryVolume volume;
    final Map<String, BlockVolume> exports = new LinkedHashMap<>();
    final NbdServer server;
    final MemoryNetwork network = new MemoryNetwork();
    boolean stopped;

    TestBed() {
        this(NbdLimits.DEFAULTS, SIZE_BYTES);
    }

    TestBed(NbdLimits limits, int sizeBytes) {
        volume = new MemoryVolume(volumeLoop, sizeBytes);
        exports.put("demo", volume);
        server = new NbdServer(serverLoop, this, limits);
        serverLoop.post(() -> {
            try {
                server.listen(network, new Network.Address.Tcp("127.0.0.1", 0));
            } catch (dev.holdfast.io.WorldException notHere) {
                throw new AssertionError(notHere);
            }
        });
        loops.run();
    }

    /** A client that has connected and said nothing yet. */
    TestClient connect() {
        FakeConnection connection = new FakeConnection(serverLoop, network.acceptors.getFirst());
        loops.run();
        return new TestClient(this, connection);
    }

    void stop() {
        serverLoop.post(() -> server.stop(() -> stopped = true));
        loops.run();
    }

    @Override
    public Optional<BlockVolume> find(String name) {
        checkLoop();
        return Optional.ofNullable(exports.get(name));
    }

    @Override
    public List<String> names() {
        checkLoop();
        return List.copyOf(exports.keySet());
    }

    @Override
    public String description(String name) {
        return name.equals("demo") ? "a disk in memory" : "";
    }

    private void checkLoop() {
        if (!serverLoop.isCurrent()) {
            throw new AssertionError("exports are asked from another loop");
        }
    }

    /** Remembers who listens. */
    static final class MemoryNetwork implements Network {
        final List<Acceptor> acceptors = new ArrayList<>();
        boolean listening;

        @Override
        public Listener listen(Address address, dev.holdfast.io.Loop loop, Acceptor acceptor) {
            acceptors.add(acceptor);
            listening = true;
            return new Listener() {
                @Override
                public Address address() {
                    return address;
                }

                @Override
                public void close() {
                    listening = false;
                }
            };
        }

        @Override
        public void connect(Address address, dev.holdfast.io.Loop loop, Acceptor acceptor, ConnectFailed failed) {
            throw new UnsupportedOperationException();
        }
    }
}
