package dev.holdfast.sim.shard;

import dev.holdfast.base.Id128;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.follow.FollowTerms;
import dev.holdfast.follow.Followed;
import dev.holdfast.follow.FollowedVolume;
import dev.holdfast.follow.Places;
import dev.holdfast.io.Network.Address;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.oracle.RegisterOracle;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * A client of a followed volume, in the process that has it: it writes one register, which nobody else writes, reads
 * all, flushes, and changes what is no register, each one request at a time. Every request must be answered OK, but a
 * flush once after a loss of all memories; and it must not if it should cover what was answered before the loss. Once
 * nobody need answer in time, a request may fail, too, but not before its age.
 */
public final class FollowingClient {
    /** The volume must be as large. */
    public static final long VOLUME_BYTES = Register.VOLUME_BYTES;

    private static final int NBD_PORT = 10_809;
    private static final int REGISTERS = 6;
    /** The longest pause between two requests; much longer for what fills pools and is not looked at. */
    private static final long THOUGHT_NANOS = 40_000_000L;

    /** An age is not counted more exactly. */
    private static final long TICK_NANOS = 1_000_000_000L;

    private final SimProcess process;
    private final SimLoop loop;
    private final FollowedVolume volume;
    private final RegisterOracle oracle;
    private final SimRandom random;
    private final int own;
    private final LongSupplier values;
    private final List<Strand> strands = new ArrayList<>();
    private boolean ending;

    /** Losses when the first change was answered that no flush covers, and of those that were told. */
    private long lossesAtChange;

    private boolean hasUnflushed;
    private long lossesTold;
    private boolean mayWaitInVain;

    /** Where a client is. */
    record Place(SimProcess process, SimLoop loop, FollowedVolume volume) {}

    /** A client that writes register {@code own}, with values that nobody else gets from {@code values}. */
    FollowingClient(Place place, RegisterOracle oracle, SimRandom random, int own, LongSupplier values) {
        this.process = place.process;
        this.loop = place.loop;
        this.volume = place.volume;
        this.oracle = oracle;
        this.random = random;
        this.own = own;
        this.values = values;
        this.lossesTold = oracle.losses();
        strands.add(new Strand(Work.WRITE));
        strands.add(new Strand(Work.READ));
        strands.add(new Strand(Work.READ));
        strands.add(new Strand(Work.SCRATCH));
    }

    private enum Work {
        WRITE,
        READ,
        SCRATCH
    }

    /**
     * A client on a machine of its own, that follows {@code volume} over the nodes called {@code nodes}; it asks from
     * now on, and writes register {@code own}.
     */
    public static FollowingClient elsewhere(
            SimWorld world, List<String> nodes, String volume, RegisterOracle oracle, SimRandom random, int own) {
        SimProcess process = world.newMachine("client-" + own).start();
        SimLoop loop = process.newLoop("client");
        Id128 session =
                new Id128(process.entropy().nextLong(), process.entropy().nextLong());
        Followed what = new Followed(volume, VOLUME_BYTES, session, FollowTerms.DEFAULTS);
        List<Address> doors = nodes.stream()
                .<Address>map(name -> new Address.Tcp(name, NBD_PORT))
                .toList();
        Places places = new Places(Optional::empty, process.network(), () -> doors);
        long[] last = {(own + 1L) << 40};
        FollowedVolume followed = new FollowedVolume(what, places, loop, process.clock());
        FollowingClient client =
                new FollowingClient(new Place(process, loop, followed), oracle, random, own, () -> ++last[0]);
        loop.post(client::begin);
        return client;
    }

    /** Begins to ask; on the client's loop. */
    void begin() {
        strands.forEach(Strand::think);
    }

    /** From now on nobody need answer in time. */
    void mayWaitInVain() {
        mayWaitInVain = true;
    }

    /** Asks nothing more. */
    public void end() {
        ending = true;
    }

    /** True while a request is under way, in a process that runs. */
    public boolean isBusy() {
        return !process.isDead() && strands.stream().anyMatch(strand -> strand.busy);
    }

    /** One request after the other. */
    private final class Strand implements Request.Completion {
        private final Work work;
        private boolean busy;
        private long askedNanos;
        private ByteBuffer space = ByteBuffer.allocate(0);
        private Runnable done = () -> {};

        Strand(Work work) {
            this.work = work;
        }

        void think() {
            loop.after(random.below(work == Work.SCRATCH ? 10 * THOUGHT_NANOS : THOUGHT_NANOS), this::ask);
        }

        private void ask() {
            if (ending) {
                return;
            }
            busy = true;
            switch (work) {
                case WRITE -> {
                    if (random.oneIn(4)) {
                        flush();
                    } else {
                        write();
                    }
                }
                case READ -> read(random.below(REGISTERS));
                case SCRATCH -> scribble();
            }
        }

        private void flush() {
            RegisterOracle.Begun flush = oracle.beginFlush();
            boolean isLost = hasUnflushed && lossesAtChange < oracle.losses();
            submit(Request.Kind.FLUSH, Register.NONE, () -> {
                if (isLost) {
                    throw new OracleViolation("a flush was answered OK after what it should cover was lost");
                }
                hasUnflushed = false;
                oracle.flushed(flush);
            });
        }

        private void read(int register) {
            Register place = Register.of(register);
            RegisterOracle.Begun read = oracle.beginRead(register);
            submit(Request.Kind.READ, place, () -> oracle.saw(read, place.value(space)));
        }

        private void write() {
            Register place = Register.of(own);
            if (!volume.hasRoom(place.lengthBytes())) {
                volume.whenRoom(this::write);
                return;
            }
            long value = values.getAsLong();
            RegisterOracle.Write write = oracle.beginWrite(own, value);
            boolean forced = random.oneIn(8);
            Request request = request(Request.Kind.WRITE, place, () -> acknowledged(write, forced));
            request.forceUnitAccess = forced;
            volume.submitWrite(request, place.filled(value));
        }

        private void acknowledged(RegisterOracle.Write write, boolean forced) {
            oracle.acknowledged(write);
            lossesAtChange = hasUnflushed ? lossesAtChange : oracle.losses();
            hasUnflushed |= !forced;
        }

        private void scribble() {
            Register place = Register.scratch(random, 1);
            switch (random.below(5)) {
                case 0 -> submit(Request.Kind.TRIM, place, () -> {});
                case 1 -> submit(Request.Kind.ZERO, place, () -> {});
                case 2 -> submit(Request.Kind.EXTENTS, place, () -> {});
                case 3 -> submit(Request.Kind.CACHE, place, () -> {});
                default -> {
                    if (volume.hasRoom(place.lengthBytes())) {
                        Request request = request(Request.Kind.WRITE, place, () -> {});
                        volume.submitWrite(request, place.filled(random.nextLong()));
                    } else {
                        busy = false;
                        think();
                    }
                }
            }
        }

        private void submit(Request.Kind kind, Register place, Runnable then) {
            volume.submit(request(kind, place, then));
        }

        private Request request(Request.Kind kind, Register place, Runnable then) {
            done = then;
            askedNanos = process.clock().nanos();
            Request request = new Request(this);
            request.kind = kind;
            request.offset = place.offset();
            request.lengthBytes = place.lengthBytes();
            request.maxExtents = 16;
            return request;
        }

        @Override
        public ByteBuffer readSpace(Request request) {
            space = ByteBuffer.allocateDirect((int) request.lengthBytes);
            return space;
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {}

        @Override
        public void completed(Request request, Status status) {
            if (process.isSilent()) {
                return; // Nobody hears of it.
            }
            boolean tellsLoss = request.kind == Request.Kind.FLUSH && status == Status.IO_ERROR;
            if (tellsLoss && oracle.losses() > lossesTold) {
                lossesTold = oracle.losses();
                hasUnflushed = false;
                done = () -> {};
            } else if (status == Status.IO_ERROR && isTooOld()) {
                done = () -> {}; // Whether it was done, nobody knows.
            } else if (status != Status.OK) {
                throw new OracleViolation("a client was answered " + status + " to a " + request.kind + " after "
                        + (process.clock().nanos() - askedNanos) / 1_000_000 + " ms; " + volume.trouble());
            }
            busy = false;
            done.run();
            think();
        }

        private boolean isTooOld() {
            long age = process.clock().nanos() - askedNanos;
            return mayWaitInVain && age > FollowTerms.DEFAULTS.ageNanos() - TICK_NANOS;
        }
    }
}
