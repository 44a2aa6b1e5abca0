package dev.holdfast.sim;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.Crash;
import dev.holdfast.sim.world.DeviceListener;
import dev.holdfast.sim.world.DiskOperationKind;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.Pool;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.twin.SourceTwin;
import dev.holdfast.store.twin.TwinLink;
import dev.holdfast.store.twin.TwinStatus;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The same short story of a pool and its twin again and again, each time with one thing going wrong at one point: a
 * stream is cut at a message, or a machine dies or loses power at a disk operation, or the source's disks have lied. In
 * the end the twin has what the source has; {@link TwinJudge} looks on.
 */
final class TwinStory {
    private static final long A_CONSISTENCY_POINT_NANOS = 6_000_000_000L;
    private static final int STEPS = 6;
    private static final long MOST_QUEUED_BYTES = 1 << 20;

    /**
     * What goes wrong.
     *
     * @param message the stream ends at this one, if greater than 0
     * @param arrives and that one still arrives
     * @param machine which one fails at {@code operation}, if that is greater than 0: "a" or "b"
     * @param operation of its disks
     * @param power whether the power goes, or only the process
     * @param forgets after so many steps the source's disks turn out to have lied about its newest root; 0 for never
     */
    record Fault(long message, boolean arrives, String machine, long operation, boolean power, int forgets) {
        static final Fault NONE = new Fault(0, false, "", 0, false, 0);

        static Fault cut(long message, boolean arrives) {
            return new Fault(message, arrives, "", 0, false, 0);
        }

        static Fault crash(String machine, long operation, boolean power) {
            return new Fault(0, false, machine, operation, power, 0);
        }

        static Fault lie(int afterSteps) {
            return new Fault(0, false, "", 0, false, afterSteps);
        }
    }

    private final SimWorld world;
    private final Fault fault;
    private final SimRandom random;
    private final StoreServer server;
    private final TwinNode twin;
    private final TwinJudge judge;
    private final CutStreams streams;
    private Optional<Pool> pool = Optional.empty();
    private Optional<BlockVolume> volume = Optional.empty();
    private boolean hasServed;
    private long sourceOperations;
    private long twinOperations;

    TwinStory(SimWorld world, Fault fault, int mostChecks) {
        this.world = world;
        this.fault = fault;
        this.random = world.random().split();
        StoreSetup setup = new StoreSetup(1 + random.below(2), 1, 24 << 20, 1 << 20, 2 << 20, 1 << 20, 64 << 20);
        this.server = new StoreServer(setup, false, random.split());
        this.streams = new CutStreams(message -> message == fault.message, fault.arrives);
        this.twin = new TwinNode(world.newMachine("b"), setup, streams, TwinNode.ADDRESS);
        this.judge = new TwinJudge(world.machine(), twin.machine(), setup.logBytes(), random.split(), mostChecks);
        server.whenOpened(this::opened);
    }

    /** Messages between the two. */
    long messages() {
        return streams.messages();
    }

    /** Operations of the source's disks. */
    long sourceOperations() {
        return sourceOperations;
    }

    /** Operations of the twin's disks. */
    long twinOperations() {
        return twinOperations;
    }

    TwinNode twin() {
        return twin;
    }

    private void opened(Pool found, SimProcess by) {
        pool = Optional.of(found);
        if (!twin.exists()) {
            judge.watchSource();
            world.machine().devices().forEach(device -> device.listen(new Counter("a")));
            twin.prepare(found.id(), () -> {
                judge.watchTwin();
                twin.machine().devices().forEach(device -> device.listen(new Counter("b")));
            });
        }
        found.twin().mirrorTo(streams.over(by.network()), TwinNode.ADDRESS, MOST_QUEUED_BYTES);
    }

    /** All of it. */
    void run() {
        for (int step = 1; step <= STEPS; step++) {
            step(step);
            if (step == fault.forgets) {
                lie();
            }
        }
        TwinStatus last = arrive();
        if (last.state() == SourceTwin.State.DIVERGED && fault.forgets > 0) {
            judge.givenUp();
            pool.orElseThrow().twin().giveUp();
            last = arrive();
        }
        Root here = TwinJudge.newest(world.machine()).orElseThrow();
        Optional<Root> there = TwinJudge.newest(twin.machine());
        if (there.isEmpty() || !there.get().identity().equals(here.identity())) {
            throw new OracleViolation("in the end the twin has not the source's newest root: " + last);
        }
        judge.judge(Crash.powerCut(0), true);
    }

    /** Writes, and a consistency point of them; again if a machine failed. */
    void step(int number) {
        boolean done = false;
        while (!done) {
            up();
            done = stepAlone(number);
        }
        up();
    }

    /** The same without looking after the machines; false if the source failed. */
    boolean stepAlone(int number) {
        SimProcess process = world.machine().process();
        boolean[] written = new boolean[1];
        write(new SimRandom(number), 20 + 40 * (number % 3), true, () -> written[0] = true);
        world.runUntil(() -> written[0] || process.isDead());
        if (!process.isDead() && number == 3) {
            snapshot(process);
        }
        world.runFor(process.isDead() ? 0 : A_CONSISTENCY_POINT_NANOS);
        return !process.isDead();
    }

    private void snapshot(SimProcess process) {
        boolean[] made = new boolean[1];
        Loop loop = process.newLoop("asks");
        loop.post(() ->
                pool.orElseThrow().createSnapshot(StoreServer.SHARD, 1, "kept", false, loop, result -> made[0] = true));
        world.runUntil(() -> made[0] || process.isDead());
    }

    /** Both machines run, and the source serves. */
    void up() {
        if (twin.exists() && !twin.machine().isRunning()) {
            twin.start();
        }
        while (volume.isEmpty() || !world.machine().isRunning()) {
            volume = Optional.empty();
            SimProcess process = world.machine().isRunning()
                    ? world.machine().process()
                    : world.machine().start();
            server.start(process, found -> {
                volume = Optional.of(found);
                hasServed = true;
            });
            world.runUntil(() -> volume.isPresent() || process.isDead());
        }
    }

    private void write(SimRandom where, int count, boolean forced, Runnable then) {
        BlockVolume disk = volume.orElseThrow();
        disk.loop().post(() -> {
            Request request = new Request(new Written(() -> {
                if (count == 1) {
                    then.run();
                } else {
                    write(where, count - 1, forced, then);
                }
            }));
            request.kind = Request.Kind.WRITE;
            request.forceUnitAccess = forced;
            request.offset = (long) where.below(300) * Disk.BLOCK_BYTES;
            request.lengthBytes = (long) (1 + where.below(4)) * Disk.BLOCK_BYTES;
            ByteBuffer bytes = ByteBuffer.allocateDirect((int) request.lengthBytes);
            while (bytes.hasRemaining()) {
                bytes.put((byte) where.below(256));
            }
            disk.submitWrite(request, bytes.flip());
        });
    }

    /**
     * The source dies and loses its newest root, which the twin has. What it held in memory since is in the next root
     * of that number too, so the two differ. (Had it written to its log since, it would notice.)
     */
    private void lie() {
        arrive();
        boolean[] written = new boolean[1];
        write(new SimRandom(STEPS + 1), 20, false, () -> written[0] = true);
        world.runUntil(() -> written[0]);
        world.machine().kill();
        server.crashed(false);
        if (!judge.forgetNewestOfSource()) {
            throw new OracleViolation("the story has no root that could be lost");
        }
        up();
    }

    /** Waits until the twin has the newest root, or it is clear that it will not have it by itself. */
    TwinStatus arrive() {
        up();
        TwinStatus status = status();
        for (int seconds = 0; seconds < 200; seconds++) {
            long newest = TwinJudge.newest(world.machine())
                    .map(root -> root.number().cp())
                    .orElse(0L);
            if (status.cp() == newest || seconds > 60 && status.state() == SourceTwin.State.DIVERGED) {
                return status;
            }
            world.runFor(1_000_000_000L);
            up();
            status = status();
        }
        return status;
    }

    private TwinStatus status() {
        List<TwinStatus> told = new ArrayList<>();
        ask((status, counts) -> told.add(status));
        return told.getFirst();
    }

    /** What went out since the source started. */
    TwinLink.Counts counts() {
        List<TwinLink.Counts> told = new ArrayList<>();
        ask((status, counts) -> told.add(counts));
        return told.getFirst();
    }

    private void ask(BiConsumer<TwinStatus, TwinLink.Counts> answer) {
        boolean[] told = new boolean[1];
        Loop loop = world.machine().process().newLoop("asks");
        loop.post(() -> pool.orElseThrow().twin().status(loop, (status, counts) -> {
            answer.accept(status, counts);
            told[0] = true;
        }));
        world.runUntil(() -> told[0]);
    }

    /** Counts operations, and fails its machine at one of them. */
    private final class Counter implements DeviceListener {
        private final String machine;

        Counter(String machine) {
            this.machine = machine;
        }

        @Override
        public void issued(SimDevice device, DiskOperationKind kind, long offset) {
            if (kind != DiskOperationKind.READ) {
                count();
            }
        }

        @Override
        public void completed(SimDevice device, DiskOperationKind kind, long offset, DiskOutcome outcome) {
            if (kind != DiskOperationKind.READ) {
                count();
            }
        }

        private void count() {
            if (!hasServed) {
                return;
            }
            long number = machine.equals("a") ? ++sourceOperations : ++twinOperations;
            if (machine.equals(fault.machine) && number == fault.operation) {
                world.at(0, this::fail);
            }
        }

        private void fail() {
            SimMachine failing = machine.equals("a") ? world.machine() : twin.machine();
            if (fault.power) {
                failing.powerCut();
            } else {
                failing.kill();
            }
            if (machine.equals("a")) {
                server.crashed(fault.power);
            }
        }
    }

    private record Written(Runnable then) implements Request.Completion {
        private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

        @Override
        public ByteBuffer readSpace(Request request) {
            return NOTHING;
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {}

        @Override
        public void completed(Request request, Status status) {
            if (status != Status.OK) {
                throw new OracleViolation("a write ended with " + status);
            }
            then.run();
        }
    }
}
