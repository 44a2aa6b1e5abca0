package dev.holdfast.frontend.nbd;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.host.HostWorld;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.WorldException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * The NBD server on this machine's sockets, over a disk in memory: for tests with real clients and for measuring the
 * front end alone. {@code main SIZE_MEBIBYTES PORT} serves one full of non-zero bytes until it is killed.
 */
final class RamServer implements AutoCloseable {
    private final AtomicReference<Throwable> thrown = new AtomicReference<>();
    private final HostWorld world = HostWorld.start((where, what) -> thrown.compareAndSet(null, what));
    private final Loop serverLoop = world.newLoop("nbd");
    final RamVolume volume;
    private final NbdServer server;

    RamServer(long sizeBytes) {
        volume = new RamVolume(world.newLoop("shard-0"), sizeBytes);
        server = new NbdServer(serverLoop, new OneExport(volume), NbdLimits.DEFAULTS);
    }

    public static void main(String[] arguments) throws Exception {
        RamServer ram = new RamServer(Long.parseLong(arguments[0]) << 20);
        ram.volume.fill();
        Address address = ram.listen(new Address.Tcp("127.0.0.1", Integer.parseInt(arguments[1])));
        System.out.println(address + " ready");
        Thread.currentThread().join();
    }

    Address listen(Address address) throws Exception {
        CompletableFuture<Address> listening = new CompletableFuture<>();
        serverLoop.post(() -> {
            try {
                listening.complete(server.listen(world.network(), address));
            } catch (WorldException failed) {
                listening.completeExceptionally(failed);
            }
        });
        return listening.get(10, TimeUnit.SECONDS);
    }

    /** Waits until the disk has seen {@code count} more requests. */
    void awaitRequests(long count) throws Exception {
        long[] target = new long[1];
        await(volume.loop(), () -> {
            target[0] = target[0] == 0 ? volume.requests() + count : target[0];
            return volume.requests() >= target[0];
        });
    }

    /** Waits until {@code count} clients are connected. */
    void awaitConnections(int count) throws Exception {
        await(serverLoop, () -> server.connections() == count);
    }

    private static void await(Loop loop, BooleanSupplier condition) throws Exception {
        CompletableFuture<Void> holds = new CompletableFuture<>();
        loop.post(new Runnable() {
            @Override
            public void run() {
                if (condition.getAsBoolean()) {
                    holds.complete(null);
                } else {
                    loop.after(1_000_000, this);
                }
            }
        });
        holds.get(60, TimeUnit.SECONDS);
    }

    /** Stops gently; fails if a loop's task threw or a client was left. */
    @Override
    public void close() throws Exception {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        serverLoop.post(() -> server.stop(() -> stopped.complete(null)));
        stopped.get(10, TimeUnit.SECONDS);
        world.close();
        if (thrown.get() != null) {
            throw new AssertionError("a task threw", thrown.get());
        }
    }

    private record OneExport(BlockVolume volume) implements NbdExports {
        @Override
        public Optional<BlockVolume> find(String name) {
            return name.equals("demo") ? Optional.of(volume) : Optional.empty();
        }

        @Override
        public List<String> names() {
            return List.of("demo");
        }

        @Override
        public String description(String name) {
            return "a disk in memory";
        }
    }
}
