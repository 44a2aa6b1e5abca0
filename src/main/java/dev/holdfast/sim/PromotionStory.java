package dev.holdfast.sim;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.device.Geometry;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
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
import dev.holdfast.store.twin.TwinRing;
import dev.holdfast.store.twin.TwinStatus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A pool's twin becomes the pool, under writes, with one thing going wrong at one point: T8. After a handover the new
 * pool has everything acknowledged, and the old side acknowledges nothing from then on; after a promotion by force the
 * new one begins with one consistency point of the old, and the old one ends as soon as it meets it, with all that it
 * has. In the end the old side is the twin of the new one, or the pool again.
 */
final class PromotionStory {
    private static final long SECOND = 1_000_000_000L;
    private static final long MOST_QUEUED_BYTES = 1 << 20;
    private static final int PATIENCE_SECONDS = 300;
    private static final int STEPS = 3;
    private static final long STEP_NANOS = 2_000_000;
    private static final Network.Address OLD = new Network.Address.Tcp("a", 7000);

    /**
     * Which story.
     *
     * @param force the twin is promoted without its source
     * @param back and then the source is made the pool again, in the same way
     * @param durable clients want every write durable, so that power may go
     */
    record Plot(boolean force, boolean back, boolean durable) {}

    private final SimWorld world;
    private final Plot plot;
    private final TwinStory.Fault fault;
    private final StoreServer server;
    private final TwinNode twin;
    private final TwinJudge judge;
    private final CutStreams streams;
    private final StampClient client;
    private final StoreSetup setup;

    /** With {@code --rpo 0}: then not even force loses anything, and the old side acknowledges nothing from then on. */
    private final boolean zero;

    private Optional<Pool> pool = Optional.empty();
    private Optional<BlockVolume> volume = Optional.empty();
    private boolean elsewhere;
    private boolean counting;
    private boolean met;
    private boolean stands;
    private boolean synchronous;
    private long messages;
    private long sourceOperations;
    private long twinOperations;

    PromotionStory(SimWorld world, Plot plot, TwinStory.Fault fault) {
        this.world = world;
        this.plot = plot;
        this.fault = fault;
        SimRandom random = world.random().split();
        this.setup = new StoreSetup(1 + random.below(2), 1, 24 << 20, 1 << 20, 2 << 20, 1 << 20, 64 << 20);
        this.server = new StoreServer(setup, false, random.split());
        this.streams = new CutStreams(message -> counting && ++messages == fault.message(), fault.arrives());
        this.twin = new TwinNode(world.newMachine("b"), setup, streams, TwinNode.ADDRESS);
        this.judge = new TwinJudge(world.machine(), twin.machine(), setup.logBytes(), random.split(), 0);
        this.client = new StampClient(random.split(), plot.durable);
        this.zero = random.oneIn(2);
        server.whenOpened(this::opened);
        server.whenElsewhere((found, process) -> {
            elsewhere = true;
            found.untold().ifPresent(granting -> granting.start(streams.over(process.network()), process.newLoop("x")));
        });
    }

    /** Messages between the two while the twin became the pool. */
    long messages() {
        return messages;
    }

    /** Operations of the source's disks meanwhile. */
    long sourceOperations() {
        return sourceOperations;
    }

    /** Operations of the twin's disks meanwhile. */
    long twinOperations() {
        return twinOperations;
    }

    private void opened(Pool found, SimProcess by) {
        pool = Optional.of(found);
        if (!twin.exists()) {
            judge.watchSource();
            world.machine().devices().forEach(device -> device.listen(new Counter("a")));
            twin.prepare(found.id(), () -> twin.machine().devices().forEach(device -> device.listen(new Counter("b"))));
        }
        found.twin().mirrorTo(streams.over(by.network()), TwinNode.ADDRESS, MOST_QUEUED_BYTES);
        Loop told = by.newLoop("told");
        found.twin().whenElsewhere(told, why -> met = true);
        if (zero) {
            found.twin().rpo(true, told, known -> {});
            look(found, told);
        }
    }

    private void look(Pool found, Loop loop) {
        found.twin().status(loop, (status, counts) -> {
            synchronous |= status.log().state() == TwinRing.State.SYNCHRONOUS;
            if (!synchronous) {
                loop.after(SECOND / 10, () -> look(found, loop));
            }
        });
    }

    /** All of it. */
    void run() {
        up();
        await(
                "the twin never has anything",
                () -> TwinJudge.newest(twin.machine())
                        .filter(root -> root.number().cp() > 3)
                        .isPresent());
        await("the pool never is synchronous", () -> synchronous || !zero);
        counting = true;
        twin.machine().kill();
        twin.promote(plot.force);
        await("the twin is never promoted", twin::isPool);
        counting = false;
        Root root = TwinJudge.newest(twin.machine()).orElseThrow();
        if (root.twin().reign() <= reignOfSource() && !elsewhere && plot.force) {
            throw new OracleViolation("the promoted twin reigns no more than its source: " + root.twin());
        }
        judge.madeBefore(root);
        if (plot.force && plot.back) {
            goBack();
            return;
        }
        StoreServer now = serveTwin();
        if (plot.force) {
            mustEnd();
        }
        take(now);
        reverse();
    }

    private long reignOfSource() {
        return TwinJudge.newest(world.machine()).orElseThrow().twin().reign();
    }

    /** Machines that fail are started again until {@code condition} holds. */
    private void await(String otherwise, BooleanSupplier condition) {
        for (int i = 0; i < PATIENCE_SECONDS * 5; i++) {
            if (condition.getAsBoolean()) {
                return;
            }
            up();
            world.runFor(SECOND / 5);
        }
        throw new OracleViolation(otherwise);
    }

    /** Both machines run, and the source serves or is refused. */
    private void up() {
        if (twin.exists() && !twin.machine().isRunning()) {
            twin.start();
        }
        while (!world.machine().isRunning() || volume.isEmpty() && !elsewhere) {
            volume = Optional.empty();
            SimProcess process = world.machine().isRunning()
                    ? world.machine().process()
                    : world.machine().start();
            server.start(process, found -> {
                volume = Optional.of(found);
                client.attach(found, this::acknowledgedBySource);
            });
            world.runUntil(() -> volume.isPresent() || elsewhere || process.isDead());
        }
    }

    /** The invariant, at every acknowledgement of the old side. */
    private void acknowledgedBySource() {
        if (stands && (zero || !plot.force)) {
            throw new OracleViolation("the old side acknowledges a write, and the new one is the pool");
        }
        if (met) {
            throw new OracleViolation("the old side acknowledges a write though it has met the new one");
        }
    }

    private StoreServer serveTwin() {
        if (twin.machine().isRunning()) {
            twin.machine().kill();
        }
        StoreServer now = server.forkOnTwin();
        SimProcess process = twin.machine().start();
        volume = Optional.empty();
        now.whenOpened((found, by) -> {
            pool = Optional.of(found);
            found.twin().resume(streams.over(by.network()));
        });
        now.start(process, found -> volume = Optional.of(found));
        world.runUntil(() -> volume.isPresent());
        return now;
    }

    /** The old side, alive, has met the new one: it acknowledges nothing, and its next process does not serve. */
    private void mustEnd() {
        if (world.machine().isRunning() && !elsewhere) {
            world.runFor(15 * SECOND);
            if (!met) {
                throw new OracleViolation("the old side does not end though it can meet the new one");
            }
        }
    }

    private void take(StoreServer now) {
        Checked read = new Checked();
        client.judge(volume.orElseThrow(), plot.force && !zero, read::done);
        world.runUntil(() -> read.done);
        long before = client.acks();
        client.attach(volume.orElseThrow(), () -> {});
        world.runFor(8 * SECOND);
        client.detach();
        if (client.acks() == before) {
            throw new OracleViolation("the new side takes no writes");
        }
        Checked sound = new Checked();
        now.verify(volume.orElseThrow().loop(), sound::done);
        world.runUntil(() -> sound.done);
    }

    /** The old side's next process is refused; then its disks are the twin. */
    private void reverse() {
        Pool promoted = pool.orElseThrow();
        mustBeRefused();
        world.machine().kill();
        TwinNode old = twin.reversed(world.machine(), OLD);
        old.start();
        promoted.twin().mirrorTo(streams.over(twin.machine().process().network()), OLD, MOST_QUEUED_BYTES);
        for (int seconds = 0; seconds < PATIENCE_SECONDS; seconds++) {
            world.runFor(SECOND);
            TwinStatus status = status(promoted);
            if (status.state() == SourceTwin.State.DIVERGED && plot.force) {
                promoted.twin().giveUp();
            } else if (status.state() == SourceTwin.State.DIVERGED) {
                throw new OracleViolation("after a handover the old side can't follow: " + status);
            }
            Optional<Root> there = TwinJudge.newest(world.machine());
            boolean same = there.isPresent()
                    && there.get()
                            .identity()
                            .equals(TwinJudge.newest(twin.machine())
                                    .orElseThrow()
                                    .identity());
            if (same) {
                judge.reversed().judge(Crash.powerCut(0), true);
                return;
            }
        }
        throw new OracleViolation("the old side never is the twin of the new one: " + status(promoted));
    }

    private TwinStatus status(Pool of) {
        List<TwinStatus> told = new ArrayList<>();
        SimProcess process = twin.machine().process();
        var loop = process.newLoop("asks");
        loop.post(() -> of.twin().status(loop, (status, counts) -> told.add(status)));
        world.runUntil(() -> !told.isEmpty());
        return told.getFirst();
    }

    private void mustBeRefused() {
        if (world.machine().isRunning()) {
            world.machine().kill();
        }
        client.detach();
        elsewhere = false;
        boolean[] served = new boolean[1];
        server.start(world.machine().start(), found -> served[0] = true);
        world.runUntil(() -> served[0] || elsewhere);
        if (served[0]) {
            throw new OracleViolation("an old side serves again after a start");
        }
    }

    /** The old side has met the new one and ended; a person wants it back: everything acknowledged there is there. */
    private void goBack() {
        serveTwin();
        mustEnd();
        mustBeRefused();
        world.machine().kill();
        TwinNode old = twin.reversed(world.machine(), OLD);
        old.promote(true);
        world.runUntil(old::isPool);
        world.machine().kill();
        volume = Optional.empty();
        server.whenOpened((found, by) -> {});
        server.start(world.machine().start(), found -> volume = Optional.of(found));
        world.runUntil(() -> volume.isPresent());
        Checked read = new Checked();
        client.judge(volume.orElseThrow(), false, read::done);
        world.runUntil(() -> read.done);
    }

    private static final class Checked {
        private boolean done;

        void done() {
            done = true;
        }
    }

    /** Counts operations while the twin becomes the pool, and fails its machine at one of them. */
    private final class Counter implements DeviceListener {
        private final String machine;

        Counter(String machine) {
            this.machine = machine;
        }

        @Override
        public void issued(SimDevice device, DiskOperationKind kind, long offset) {
            count(kind);
        }

        @Override
        public void completed(SimDevice device, DiskOperationKind kind, long offset, DiskOutcome outcome) {
            count(kind);
            boolean isRoot =
                    kind == DiskOperationKind.WRITE_DURABLE && offset < Geometry.ROOT_OFFSET + Geometry.ROOT_BYTES;
            if (isRoot && machine.equals("b")) {
                ByteBuffer block = ByteBuffer.wrap(device.medium().read(offset / Disk.BLOCK_BYTES));
                Optional<Root> root = Root.decode(block.order(ByteOrder.LITTLE_ENDIAN), 0);
                stands |= root.filter(found -> !found.written().atTwin()).isPresent();
            }
        }

        private void count(DiskOperationKind kind) {
            if (kind == DiskOperationKind.READ || !counting) {
                return;
            }
            long number = machine.equals("a") ? ++sourceOperations : ++twinOperations;
            if (machine.equals(fault.machine()) && number == fault.operation()) {
                world.at(number % STEPS * STEP_NANOS, this::fail); // Messages of that turn arrive, or do not.
            }
        }

        private void fail() {
            SimMachine failing = machine.equals("a") ? world.machine() : twin.machine();
            if (!failing.isRunning()) {
                return;
            }
            if (fault.power()) {
                failing.powerCut();
            } else {
                failing.kill();
            }
            if (machine.equals("a")) {
                server.crashed(fault.power());
                client.detach();
            }
        }
    }
}
