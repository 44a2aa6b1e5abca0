package dev.holdfast.sim.shard;

import dev.holdfast.array.ArrayFormat;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.LedVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Protection;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Disk;
import dev.holdfast.io.Loop;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ShardLog;
import dev.holdfast.replica.Comparing;
import dev.holdfast.replica.Comparison;
import dev.holdfast.replica.Healing;
import dev.holdfast.replica.PrimaryVolume;
import dev.holdfast.replica.ReplicaLog;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.store.OpenPlan;
import dev.holdfast.store.PinnedRoots;
import dev.holdfast.store.Pool;
import dev.holdfast.store.PoolOpen;
import dev.holdfast.store.PoolOpened;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.lane.ShardMeta;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.root.GenerationKeeper;
import dev.holdfast.store.root.SnapshotRecord;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/** A pool on one simulated disk, with the shard as its only volume; made at the first start. */
final class PoolStore implements ShardStore {
    private static final String PATH = "/disk";
    private static final int SHARD = 1;
    private static final long DEVICE_BYTES = 128L << 20;
    private static final long LOG_BYTES = 64 << 20;
    private static final int MEMORY_BYTES = 16 << 20;
    private static final long TIGHT_LOG_BYTES = 12 << 20;
    private static final int TIGHT_MEMORY_BYTES = 4 << 20;

    /** So much longer are changes where little room is: a few seconds of them are more than is kept. */
    private static final int TIMES_IN_LITTLE_ROOM = 8;

    private static final long CACHE_BYTES = 4 << 20;

    private final Judge judge;
    private final SimRandom random;
    private final boolean tight;
    private final int pieceBlocks;
    private boolean isPlugged;
    private boolean isMade;
    private boolean isTroubled;
    private long generation;
    private Optional<Open> open = Optional.empty();
    private Optional<Replica> replica = Optional.empty();
    private Optional<Comparing> comparing = Optional.empty();
    private Optional<Healing> healing = Optional.empty();
    private Optional<SimProcess> process = Optional.empty();
    private History history = History.EMPTY;
    private long held;
    private long logged;
    private long rooted;

    /** What the process has. */
    private record Open(Pool pool, ReplicaShard shard, ReplicaLog log, PrimaryVolume volume) {}

    /** What an entry says, as far as two replicas are compared by it. */
    private record Said(EntryKind kind, int flags, long offset, long lengthBytes, int payloadChecksum) {
        /** Who was away gets of what later changes overwrite only that it was there. */
        boolean isPlaceOnly() {
            return kind == EntryKind.TRIM && lengthBytes == 0;
        }
    }

    /** A pool whose memory log and ring hold a few hundred changes if it is {@code tight}, else all of a run. */
    PoolStore(Judge judge, SimRandom random, boolean tight) {
        this.judge = judge;
        this.tight = tight;
        this.random = random;
        this.pieceBlocks = 1 << random.below(9);
    }

    @Override
    public void open(SimProcess started, SimLoop loop, Runnable ready) {
        open = Optional.empty();
        comparing = Optional.empty();
        healing = Optional.empty();
        process = Optional.of(started);
        isTroubled = isMade && started.machine().device(PATH).faults().gone;
        Loop committer = started.newLoop("pool");
        committer.post(() -> {
            if (isMade) {
                openPool(started, committer, loop, ready);
            } else {
                format(started, committer, () -> openPool(started, committer, loop, ready));
            }
        });
    }

    private void format(SimProcess started, Loop committer, Runnable then) {
        SimMachine machine = started.machine();
        generation = 0; // A start that died while it made the pool kept one of it.
        if (!isPlugged) {
            isPlugged = true;
            machine.plug(PATH, DEVICE_BYTES);
        }
        long logBytes = tight ? TIGHT_LOG_BYTES : LOG_BYTES;
        Id128 id = new Id128(random.nextLong(), random.nextLong());
        ArrayFormat.Plan plan = new ArrayFormat.Plan(new Id128(1, 1), id, Protection.SINGLE, logBytes, 0, true);
        ArrayFormat.format(started.disks(), List.of(PATH), plan, started.entropy(), committer, outcome -> {
            switch (outcome) {
                case ArrayFormat.Outcome.Formatted formatted -> then.run();
                case ArrayFormat.Outcome.Refused refused -> throw new OracleViolation(refused.reason());
            }
        });
    }

    private void openPool(SimProcess started, Loop committer, SimLoop loop, Runnable ready) {
        OpenPlan.Memory memory =
                new OpenPlan.Memory(started.sharedMemory(""), tight ? TIGHT_MEMORY_BYTES : MEMORY_BYTES);
        OpenPlan.Known known = new OpenPlan.Known(Optional.empty(), keeper());
        OpenPlan plan = new OpenPlan(List.of(PATH), known, memory, List.of(loop), CACHE_BYTES, false);
        PoolOpen.open(started, plan, committer, opened -> {
            switch (opened) {
                case PoolOpened.Opened found -> opened(found.pool(), loop, ready);
                case PoolOpened.Refused refused -> {
                    if (!isTroubled) {
                        throw new OracleViolation("pool refused: " + refused.why());
                    }
                }
            }
        });
    }

    /** Remembers at once, and through every crash. */
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

    private void opened(Pool pool, SimLoop loop, Runnable ready) {
        if (isMade) {
            loop.post(() -> begin(pool, ready));
            return;
        }
        ShardMeta meta = new ShardMeta(SHARD, 0, SHARD, "volume", Register.VOLUME_BYTES, true);
        pool.createShard(meta, loop, result -> {
            if (result instanceof Pool.Result.Refused refused) {
                throw new OracleViolation("volume refused: " + refused.why());
            }
            isMade = true;
            begin(pool, ready);
        });
    }

    private void begin(Pool pool, Runnable ready) {
        ReplicaShard shard = pool.replica(SHARD).orElseThrow();
        ReplicaLog log = new ReplicaLog(shard, pool, pieceBlocks);
        log.guard();
        open = Optional.of(new Open(pool, shard, log, new PrimaryVolume(shard.shard())));
        history = log.history();
        held = log.firstKept() - 1; // So that the judge is told of what was found again.
        look();
        ready.run();
    }

    @Override
    public Decision.Found found() {
        Open now = open.orElseThrow();
        Position end = now.log().history().at(now.log().held());
        return new Decision.Found(now.pool().id().low() ^ now.pool().wholeSince(), end);
    }

    @Override
    public ShardLog log() {
        return open.orElseThrow().log();
    }

    @Override
    public void attach(Replica told) {
        replica = Optional.of(told);
        open.orElseThrow().log().attach(told);
        open.orElseThrow().volume().attach(told);
    }

    @Override
    public void told() {
        open.ifPresent(now -> now.volume().look());
    }

    /** The shard as front ends get it, in the present process. */
    LedVolume volume() {
        return open.orElseThrow().volume();
    }

    @Override
    public void flushed(long seq) {
        open.orElseThrow().log().flushed(seq);
    }

    @Override
    public void write(int register, long value, LongConsumer done) {
        Register place = Register.of(register);
        BlockVolume volume = open.orElseThrow().shard().shard();
        if (!volume.hasRoom(place.lengthBytes())) {
            volume.whenRoom(() -> {
                if (replica.filter(Replica::serves).isPresent()) {
                    write(register, value, done);
                }
            });
            return;
        }
        boolean force = random.oneIn(4);
        Asked asked = new Asked(request -> {
            Position position = log().history().at(request);
            if (force) {
                judge.flushed(position);
            } else {
                judge.acknowledged(position);
            }
            done.accept(request);
        });
        Request write = asked.request(Request.Kind.WRITE, place);
        write.forceUnitAccess = force;
        asked.seq = log().held() + 1;
        volume.submitWrite(write, place.filled(value));
    }

    @Override
    public void read(int register, LongConsumer done) {
        Register place = Register.of(register);
        Asked asked = new Asked(seq -> {});
        asked.then = seq -> done.accept(place.value(asked.space));
        open.orElseThrow().shard().shard().submit(asked.request(Request.Kind.READ, place));
    }

    @Override
    public void flush(LongConsumer done) {
        Asked asked = new Asked(seq -> {
            judge.flushed(log().history().at(seq));
            done.accept(seq);
        });
        asked.seq = log().visible();
        open.orElseThrow().shard().shard().submit(asked.request(Request.Kind.FLUSH, Register.NONE));
    }

    @Override
    public void snapshot(long id, boolean keeps) {
        Open now = open.orElseThrow();
        Loop loop = now.shard().shard().loop();
        if (keeps) {
            now.pool().createSnapshot(SHARD, id, "s" + id, false, loop, result -> {});
        } else {
            now.pool().deleteSnapshot(SHARD, id, loop, result -> {});
        }
    }

    @Override
    public void reach(Clock clock, Supplier<List<Member>> copies, Consumer<Message> send) {
        Open now = open.orElseThrow();
        comparing = Optional.of(
                new Comparing(SHARD, now.pool(), now.shard().shard().loop(), clock, send, Math.max(2, pieceBlocks)));
        healing =
                Optional.of(new Healing(now.shard(), now.pool(), new Healing.World(clock, copies, send, event -> {})));
        healing.get().attach(replica.orElseThrow());
    }

    @Override
    public boolean compared(Message message) {
        return comparing.filter(own -> own.received(message, replica)).isPresent()
                || healing.filter(own -> own.received(message)).isPresent();
    }

    @Override
    public void tick() {
        comparing.ifPresent(own -> own.tick(replica));
        healing.ifPresent(Healing::tick);
    }

    @Override
    public void compare(long id, boolean reads, Consumer<Comparison.Outcome> ended) {
        comparing.ifPresent(own -> own.begin(id, reads, replica, ended));
    }

    @Override
    public void scribble() {
        Register place = Register.scratch(random, tight ? TIMES_IN_LITTLE_ROOM : 1);
        Asked asked = new Asked(seq -> {});
        BlockVolume volume = open.orElseThrow().shard().shard();
        switch (random.below(4)) {
            case 0 -> volume.submit(asked.request(Request.Kind.TRIM, place));
            case 1 -> volume.submit(asked.request(Request.Kind.ZERO, place));
            default -> {
                if (volume.hasRoom(place.lengthBytes())) {
                    volume.submitWrite(asked.request(Request.Kind.WRITE, place), place.filled(random.nextLong()));
                }
            }
        }
    }

    /** A request of a client. */
    private final class Asked implements Request.Completion {
        LongConsumer then;
        long seq;
        ByteBuffer space = ByteBuffer.allocate(0);

        Asked(LongConsumer then) {
            this.then = then;
        }

        Request request(Request.Kind kind, Register place) {
            Request request = new Request(this);
            request.kind = kind;
            request.offset = place.offset();
            request.lengthBytes = place.lengthBytes();
            return request;
        }

        @Override
        public ByteBuffer readSpace(Request request) {
            space = ByteBuffer.allocateDirect((int) request.lengthBytes);
            return space;
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {
            throw Checks.unreachable("nobody asks for extents");
        }

        @Override
        public void completed(Request request, Status status) {
            if (status == Status.OK && !process.orElseThrow().isSilent()) {
                then.accept(seq);
            }
        }
    }

    @Override
    public void look() {
        Open now = open.orElseThrow();
        History present = now.log().history();
        long end = now.log().held();
        if (end != held || !present.equals(history)) {
            long same = Math.max(
                    history.forkWith(present, Math.min(held, end)), now.log().firstKept() - 1);
            for (long seq = same + 1; seq <= end; seq++) {
                tell(now, present, seq);
            }
            history = present;
            held = end;
        }
        if (now.shard().needsRoot()) {
            judge.mayFallBehind();
        }
        logged = now.log().logged();
        rooted = now.log().rooted();
    }

    private void tell(Open now, History present, long seq) {
        Position before = present.at(seq - 1);
        now.shard().read(seq, (epoch, number, kind, flags, offset, lengthBytes, payload, checksum) -> {
            Said said = new Said(kind, flags, offset, lengthBytes, checksum);
            if (!said.isPlaceOnly()) {
                judge.held(new Position(epoch, seq), said, before);
            }
        });
    }

    @Override
    public boolean isMixture() {
        return open.filter(now -> now.shard().image().mark().isPresent()).isPresent();
    }

    /** Of what is a mixture, so that a start finds it as one. */
    @Override
    public void makeRoot() {
        if (isMixture()) {
            PinnedRoots roots = open.orElseThrow().pool().pinnedRoots();
            roots.pin(SHARD, open.orElseThrow().shard().shard().loop(), pin -> {});
        }
    }

    @Override
    public void diskGone(boolean isGone) {
        isTroubled |= isGone;
        process.orElseThrow().machine().device(PATH).faults().gone = isGone;
    }

    @Override
    public int rot(LongPredicate may, SimRandom chosen, int most) {
        if (!isMade) {
            return 0;
        }
        dev.holdfast.sim.world.Medium medium = medium();
        long[] blocks = blocks().filter(block -> {
                    long value = Register.valueOfBlock(medium.read(block));
                    return value > 0 && may.test(value);
                })
                .toArray();
        int count = Math.min(most, blocks.length);
        int first = blocks.length == 0 ? 0 : chosen.below(blocks.length);
        for (int i = 0; i < count; i++) {
            medium.rot(blocks[(first + i) % blocks.length], chosen.below(8 * Disk.BLOCK_BYTES));
        }
        return count;
    }

    @Override
    public TreeSet<Long> values() {
        TreeSet<Long> values = new TreeSet<>();
        if (isMade) {
            blocks().forEach(block -> values.add(Register.valueOfBlock(medium().read(block))));
        }
        return values;
    }

    private dev.holdfast.sim.world.Medium medium() {
        return process.orElseThrow().machine().device(PATH).medium();
    }

    /** Those of the data area that hold something. */
    private LongStream blocks() {
        long dataAt = Geometry.fit(DEVICE_BYTES, tight ? TIGHT_LOG_BYTES : LOG_BYTES)
                .orElseThrow()
                .dataOffset();
        return LongStream.of(medium().storedBlocks()).filter(block -> block * Disk.BLOCK_BYTES >= dataAt);
    }

    @Override
    public boolean isTroubled() {
        return isTroubled;
    }

    @Override
    public void powerCut() {
        held = Math.max(logged, rooted);
        history = history.until(held);
    }

    @Override
    public long held() {
        return held;
    }

    @Override
    public long logged() {
        return logged;
    }

    @Override
    public long rooted() {
        return rooted;
    }

    @Override
    public History history() {
        return history;
    }

    /** The volume and its snapshots in the newest root, byte for byte. */
    @Override
    public void contents(Consumer<Object> then) {
        Open now = open.orElseThrow();
        Loop loop = now.shard().shard().loop();
        List<Object> found = new ArrayList<>();
        read(now.shard().shard(), bytes -> {
            found.add(bytes);
            now.pool().status(loop, status -> {
                ArrayDeque<SnapshotRecord> more = new ArrayDeque<>(status.shards().stream()
                        .flatMap(shard -> shard.snapshots().stream())
                        .filter(record -> !record.isLocal())
                        .toList());
                readNext(now, more, found, then);
            });
        });
    }

    private void readNext(Open now, ArrayDeque<SnapshotRecord> more, List<Object> found, Consumer<Object> then) {
        SnapshotRecord next = more.poll();
        if (next == null) {
            then.accept(found);
            return;
        }
        found.add(next.id() + " " + next.name() + " at " + next.at());
        Loop loop = now.shard().shard().loop();
        now.pool()
                .openSnapshot(
                        SHARD,
                        next.id(),
                        loop,
                        opened -> opened.ifPresentOrElse(
                                snapshot -> read(snapshot, bytes -> {
                                    found.add(bytes);
                                    readNext(now, more, found, then);
                                }),
                                () -> readNext(now, more, found, then))); // It has gone meanwhile.
    }

    private void read(BlockVolume volume, Consumer<ByteBuffer> then) {
        Asked asked = new Asked(seq -> {});
        asked.then = seq -> then.accept(asked.space.clear());
        volume.submit(asked.request(Request.Kind.READ, Register.ALL));
    }
}
