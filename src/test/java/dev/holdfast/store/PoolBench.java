package dev.holdfast.store;

import dev.holdfast.array.ArrayFormat;
import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.device.Protection;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.world.Crash;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.lane.ShardMeta;
import dev.holdfast.store.root.GenerationKeeper;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A pool in a simulated world, driven step by step: every call waits in virtual time for its answer. */
final class PoolBench {
    static final int BLOCK = 4096;
    final SimWorld world;
    final List<String> paths = new ArrayList<>();
    int lanes = 2;
    int memoryBytes = 8 << 20;
    boolean acceptLoss;

    /** Newest generation that somebody beside the devices knows of; 0 forgets it. */
    long generation;

    Pool pool;
    List<String> notes = List.of();
    String refused = "";
    Loop committer;
    private final ByteBuffer reply = ByteBuffer.allocateDirect(BlockVolume.MAX_TRANSFER_BYTES);
    private Status status;
    final List<Long> extents = new ArrayList<>();

    PoolBench(long seed, int copies, long diskBytes) {
        this(seed, copies, diskBytes, 16 << 20);
    }

    PoolBench(long seed, int copies, long diskBytes, long logBytes) {
        world = new SimWorld(seed);
        for (int i = 0; i < copies; i++) {
            paths.add("/disk" + i);
            world.machine().plug("/disk" + i, diskBytes);
        }
        Protection protection = copies == 1 ? Protection.SINGLE : Protection.mirror(copies);
        Id128 cluster = new Id128(1, 1);
        ArrayFormat.Plan plan = new ArrayFormat.Plan(cluster, new Id128(seed, 2), protection, logBytes, 0, false);
        Loop loop = world.newLoop("format");
        ArrayFormat.Outcome outcome = PoolBench.<ArrayFormat.Outcome>await(
                world, loop, answer -> ArrayFormat.format(world.disks(), paths, plan, world.entropy(), loop, answer));
        if (!(outcome instanceof ArrayFormat.Outcome.Formatted)) {
            throw new IllegalStateException(outcome.toString());
        }
    }

    /** The same pool, not open, in a world of its own: what {@code crash} leaves there now. */
    private PoolBench(PoolBench other, Crash crash, long seed) {
        world = new SimWorld(seed);
        paths.addAll(other.paths);
        lanes = other.lanes;
        memoryBytes = other.memoryBytes;
        generation = other.generation;
        other.world.machine().devices().forEach(device -> device.copyAfter(crash, world.machine()));
        if (!crash.isPowerCut()) {
            other.world.machine().memory().copyTo(world.machine().memory());
        }
    }

    /** What {@code crash} would leave now, as a bench of its own; this one goes on. */
    PoolBench after(Crash crash, long seed) {
        return new PoolBench(this, crash, seed);
    }

    static <T> T await(SimWorld world, Loop loop, Consumer<Consumer<T>> call) {
        List<T> answers = new ArrayList<>();
        world.run(loop, () -> call.accept(answers::add));
        world.runUntil(() -> !answers.isEmpty());
        return answers.getFirst();
    }

    /** Opens; false if it was refused. */
    boolean open() {
        OpenPlan plan = plan();
        PoolOpened opened = await(world, committer, answer -> PoolOpen.open(world, plan, committer, answer));
        return switch (opened) {
            case PoolOpened.Opened found -> {
                pool = found.pool();
                notes = found.notes();
                yield true;
            }
            case PoolOpened.Refused no -> {
                refused = no.why();
                yield false;
            }
        };
    }

    /** Begins to open the pool and lets it get on for {@code nanos}; nobody waits for the end. */
    void beginToOpen(long nanos) {
        OpenPlan plan = plan();
        world.run(committer, () -> PoolOpen.open(world, plan, committer, opened -> {}));
        world.runFor(nanos);
    }

    /** A node's control log, in short. */
    private GenerationKeeper keeper() {
        long newest = generation;
        return new GenerationKeeper() {
            @Override
            public long newest() {
                return newest;
            }

            @Override
            public void keep(long made, Kept kept) {
                generation = Math.max(generation, made);
                kept.kept(true);
            }
        };
    }

    private OpenPlan plan() {
        committer = world.newLoop("pool");
        List<Loop> loops = new ArrayList<>();
        for (int i = 0; i < lanes; i++) {
            loops.add(world.newLoop("lane" + i));
        }
        OpenPlan.Memory memory = new OpenPlan.Memory(world.sharedMemory(""), memoryBytes);
        OpenPlan.Known known = new OpenPlan.Known(Optional.empty(), keeper());
        return new OpenPlan(paths, known, memory, loops, 8 << 20, acceptLoss);
    }

    void kill() {
        world.machine().kill();
        world.machine().start();
    }

    /** The process dies in the middle of a turn, if it has one within 10 ms. */
    void killInTurn() {
        world.machine().killInTurn();
        long untilNanos = world.nowNanos() + 10_000_000;
        boolean more = true;
        while (more && world.machine().isRunning() && world.nowNanos() < untilNanos) {
            more = world.step();
        }
        if (world.machine().isRunning()) {
            world.machine().kill();
        }
        world.machine().start();
    }

    void powerCut() {
        world.machine().powerCut();
        world.machine().start();
    }

    /** Ends the process cleanly. */
    void stop() {
        PoolBench.<Boolean>await(world, committer, answer -> pool.stop(committer, () -> answer.accept(true)));
        kill();
    }

    /** Problems the offline verifier finds; the pool must not be open. */
    List<String> check() {
        Loop loop = world.newLoop("check");
        return PoolBench.await(
                world,
                loop,
                answer -> PoolCheck.check(world, paths, loop, (problems, blocks) -> answer.accept(problems)));
    }

    Pool.Result create(int id, long sizeBytes) {
        ShardMeta meta = new ShardMeta(id, 0, id, "v" + id, sizeBytes);
        return PoolBench.await(world, committer, answer -> pool.createShard(meta, committer, answer::accept));
    }

    Pool.Result delete(int id) {
        return PoolBench.await(world, committer, answer -> pool.deleteShard(id, committer, answer::accept));
    }

    Pool.Result snapshot(int id, long snapshotId) {
        return PoolBench.await(
                world,
                committer,
                answer -> pool.createSnapshot(id, snapshotId, "s" + snapshotId, false, committer, answer::accept));
    }

    Pool.Result deleteSnapshot(int id, long snapshotId) {
        return PoolBench.await(
                world, committer, answer -> pool.deleteSnapshot(id, snapshotId, committer, answer::accept));
    }

    Pool.PoolStatus status() {
        return PoolBench.await(world, committer, answer -> pool.status(committer, answer::accept));
    }

    List<Pool.ByteRange> changes(int id, long since) {
        return PoolBench.await(
                world,
                committer,
                answer -> pool.changesSince(
                        id, since, 1 << 20, committer, (found, ranges, all) -> answer.accept(ranges)));
    }

    BlockVolume volume(int id) {
        return pool.volume(id).orElseThrow();
    }

    BlockVolume openSnapshot(int id, long snapshotId) {
        return PoolBench.<Optional<BlockVolume>>await(
                        world, committer, answer -> pool.openSnapshot(id, snapshotId, committer, answer::accept))
                .orElseThrow();
    }

    /** Writes {@code length} bytes of {@code value}. */
    Status write(BlockVolume volume, long offset, int length, int value) {
        ByteBuffer data = ByteBuffer.allocateDirect(length);
        while (data.hasRemaining()) {
            data.put((byte) value);
        }
        data.flip();
        world.runUntil(() -> world.call(volume.loop(), () -> volume.hasRoom(length)));
        return request(volume, Request.Kind.WRITE, offset, length, data);
    }

    Status run(BlockVolume volume, Request.Kind kind, long offset, long length) {
        return request(volume, kind, offset, length, reply);
    }

    /** The bytes, or nothing if it failed. */
    Optional<byte[]> read(BlockVolume volume, long offset, int length) {
        if (request(volume, Request.Kind.READ, offset, length, reply) != Status.OK) {
            return Optional.empty();
        }
        byte[] bytes = new byte[length];
        reply.get(0, bytes);
        return Optional.of(bytes);
    }

    private Status request(BlockVolume volume, Request.Kind kind, long offset, long length, ByteBuffer data) {
        status = null;
        world.run(volume.loop(), () -> {
            Request request = new Request(new Completion());
            request.kind = kind;
            request.offset = offset;
            request.lengthBytes = length;
            request.maxExtents = 1000;
            if (kind == Request.Kind.WRITE) {
                volume.submitWrite(request, data);
            } else {
                volume.submit(request);
            }
        });
        world.runUntil(() -> status != null);
        return status;
    }

    private final class Completion implements Request.Completion {
        @Override
        public ByteBuffer readSpace(Request request) {
            return reply.clear();
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {
            extents.add(allocated ? lengthBytes : -lengthBytes);
        }

        @Override
        public void completed(Request request, Status ended) {
            status = ended;
        }
    }
}
