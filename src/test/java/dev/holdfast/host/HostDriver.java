package dev.holdfast.host;

import dev.holdfast.io.Network.Address;
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
        UNIX
    }

    private final AtomicReference<Throwable> thrown = new AtomicReference<>();
    private final AtomicInteger names = new AtomicInteger();
    private final Path directory;
    private final Sockets sockets;
    private final HostWorld world;

    HostDriver(Sockets sockets) {
        try {
            this.directory = Files.createTempDirectory("holdfast-test-");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        this.sockets = sockets;
        this.world = HostWorld.start("", (where, what) -> thrown.compareAndSet(null, what));
    }

    /** A world whose listeners get TCP ports. */
    public static HostDriver tcp() {
        return new HostDriver(Sockets.TCP);
    }

    @Override
    public World world() {
        return world;
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
            case TCP -> new Address.Tcp("127.0.0.1", 0);
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
