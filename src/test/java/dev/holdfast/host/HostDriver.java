package dev.holdfast.host;

import dev.holdfast.io.Clock;
import dev.holdfast.io.Disks;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.SharedMemory;
import dev.holdfast.io.Workers;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldDriver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** The real machine under a contract suite: waiting is all it takes for it to move on. */
public final class HostDriver implements WorldDriver {
    private static final long BOUND_NANOS = 60_000_000_000L;
    private static final long LOOK_NANOS = 50_000;

    /** Which kind of address the world's listeners get. */
    enum Sockets {
        TCP,
        UNIX,
        TLS
    }

    private final AtomicReference<Throwable> thrown = new AtomicReference<>();
    private final AtomicInteger names = new AtomicInteger();
    private final Path directory;
    private final Sockets sockets;
    private final HostWorld world;
    private World seen;

    HostDriver(Sockets sockets) {
        try {
            this.directory = Files.createTempDirectory("holdfast-test-");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        this.sockets = sockets;
        this.world = HostWorld.start("", (where, what) -> thrown.compareAndSet(null, what));
        this.seen = world;
    }

    /** A world whose streams are carried by what {@code maker} makes over TCP. */
    public static HostDriver over(Transport.Maker maker) {
        HostDriver driver = new HostDriver(Sockets.TLS);
        driver.seen = new Carried(driver.world, driver.world.network(maker));
        return driver;
    }

    /** The world with another network. */
    private record Carried(World under, Network network) implements World {
        @Override
        public Clock clock() {
            return under.clock();
        }

        @Override
        public Entropy entropy() {
            return under.entropy();
        }

        @Override
        public Loop newLoop(String name) {
            return under.newLoop(name);
        }

        @Override
        public Disks disks() {
            return under.disks();
        }

        @Override
        public SharedMemory sharedMemory(String place) {
            return under.sharedMemory(place);
        }

        @Override
        public Workers workers() {
            return under.workers();
        }
    }

    /** The machine, whose sockets are what they are. */
    public HostWorld machine() {
        return world;
    }

    /** A world whose listeners get TCP ports. */
    public static HostDriver tcp() {
        return new HostDriver(Sockets.TCP);
    }

    @Override
    public World world() {
        return seen;
    }

    @Override
    public void runUntil(BooleanSupplier done) {
        long start = System.nanoTime();
        while (!done.getAsBoolean()) {
            failIfThrown();
            if (System.nanoTime() - start > BOUND_NANOS) {
                throw new AssertionError("it did not happen within a minute");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        failIfThrown();
    }

    private void failIfThrown() {
        Throwable what = thrown.get();
        if (what != null) {
            throw new AssertionError("a task threw", what);
        }
    }

    /** What a loop's task threw, for tests that make one throw. */
    AtomicReference<Throwable> thrown() {
        return thrown;
    }

    @Override
    public String newPath() {
        return directory.resolve("disk-" + names.incrementAndGet()).toString();
    }

    @Override
    public Address newAddress() {
        return switch (sockets) {
            case TCP, TLS -> new Address.Tcp("127.0.0.1", 0);
            case UNIX ->
                new Address.Unix(
                        directory.resolve("socket-" + names.incrementAndGet()).toString());
        };
    }

    @Override
    public void close() {
        world.close();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(HostDriver::delete);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
