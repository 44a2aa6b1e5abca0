package dev.holdfast.host;

import dev.holdfast.io.Clock;
import dev.holdfast.io.Disks;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.SharedMemory;
import dev.holdfast.io.Workers;
import dev.holdfast.io.World;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The real machine. One per node; closing it ends its loops first and then closes what they used, so that nothing runs
 * on what is gone.
 */
public final class HostWorld implements World, AutoCloseable {
    private static final int THREADS_PER_DISK = 8;
    private static final long STOP_MILLIS = 5_000;

    private final Fatal fatal;
    private final Clock clock = new HostClock();
    private final SecureRandom random = new SecureRandom();
    private final Network network = new HostNetwork(Optional.empty());
    private final HostDisks disks;
    private final Crew crew;
    private final Workers workers;
    private final List<HostLoop> loops = new ArrayList<>();

    private HostWorld(String faults, Fatal fatal) {
        this.fatal = fatal;
        this.disks = new HostDisks(THREADS_PER_DISK, faults, fatal);
        this.crew = new Crew("worker", Runtime.getRuntime().availableProcessors(), fatal);
        this.workers = (work, loop, done) -> crew.run(() -> {
            work.run();
            loop.post(done);
        });
    }

    /** The machine this process runs on. A task that throws ends the process. */
    public static HostWorld start() {
        return start(Fatal.HALT);
    }

    /** The machine this process runs on; {@code fatal} is told of a task that throws. */
    public static HostWorld start(Fatal fatal) {
        return start(System.getProperty(FaultPlan.PROPERTY, ""), fatal);
    }

    /** The same with disk faults planned as {@link FaultPlan} says. */
    static HostWorld start(String faults, Fatal fatal) {
        return new HostWorld(faults, fatal);
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public Entropy entropy() {
        return random::nextLong;
    }

    @Override
    public synchronized Loop newLoop(String name) {
        HostLoop loop = HostLoop.start(name, clock, fatal);
        loops.add(loop);
        return loop;
    }

    @Override
    public Disks disks() {
        return disks;
    }

    @Override
    public SharedMemory sharedMemory(String place) {
        return HostSharedMemory.at(place);
    }

    @Override
    public Network network() {
        return network;
    }

    /** Streams whose bytes are carried by what {@code maker} makes, at both ends. */
    public Network network(Transport.Maker maker) {
        return new HostNetwork(Optional.of(new HostNetwork.Greeters(maker, workers)));
    }

    @Override
    public Workers workers() {
        return workers;
    }

    /** Ends every loop after its posted tasks, and closes disks; not from a loop. Regions belong to their openers. */
    @Override
    public synchronized void close() {
        loops.forEach(HostLoop::stop);
        try {
            for (HostLoop loop : loops) {
                if (!loop.awaitEnd(STOP_MILLIS)) {
                    fatal.ended("loop " + loop.name(), new IllegalStateException("it does not end"));
                }
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
        crew.close();
        disks.close();
    }
}
