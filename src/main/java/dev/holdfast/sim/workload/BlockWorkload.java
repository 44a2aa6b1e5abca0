package dev.holdfast.sim.workload;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.sim.oracle.BlockOracle;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.oracle.PrefixOracle;
import dev.holdfast.sim.random.SimRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * One client of one block volume: sends a {@link Mix} of requests, a few at a time, and tells the oracles what was
 * promised. It survives crashes of the server: {@link #attach} gives it the volume of the next process.
 *
 * <p>It judges nothing itself, but that a volume answers in time with statuses that the scenario allows.
 */
public final class BlockWorkload {
    private static final int TRIES = 8;
    private static final int ONE_IN_WIDE = 10;
    private static final int ONE_IN_REST = 40;
    private static final int REST_FACTOR = 1000;

    private final Mix mix;
    private final SimRandom random;
    private final BlockOracle oracle;
    private final PrefixOracle prefix;
    private final Places places;
    private final Buffers buffers;
    private final List<Buffers> buffersOfForks = new ArrayList<>(1);
    private final List<Flight> flights = new ArrayList<>();
    private final List<BlockVolume> volumes = new ArrayList<>(1);
    private BooleanSupplier isServerSilent = () -> false;
    private boolean errorsAllowed;
    private boolean fullAllowed;
    private long remaining;
    private long completed;
    private long errors;
    private long durableAnswers;
    private Runnable whenDurable = () -> {};
    private int generation;
    private boolean pumpDue;

    /** Bytes on their way; empty between two calls. */
    private record Buffers(ByteBuffer data, ByteBuffer readSpace) {
        Buffers() {
            this(
                    ByteBuffer.allocateDirect(BlockVolume.MAX_TRANSFER_BYTES),
                    ByteBuffer.allocateDirect(BlockVolume.MAX_TRANSFER_BYTES));
        }
    }

    /** A client of a volume of {@code sizeBytes}. */
    public BlockWorkload(Mix mix, long sizeBytes, SimRandom random) {
        this(
                mix,
                new Places(mix.shape(), sizeBytes, random),
                new BlockOracle(),
                new PrefixOracle(),
                random,
                new Buffers());
    }

    private BlockWorkload(
            Mix mix, Places places, BlockOracle oracle, PrefixOracle prefix, SimRandom random, Buffers buffers) {
        this.mix = mix;
        this.random = random;
        this.places = places;
        this.oracle = oracle;
        this.prefix = prefix;
        this.buffers = buffers;
    }

    /**
     * A client that knows what this one knows, for a copy of the server; {@link #attach} it to that. One fork is over
     * before the next one begins.
     */
    public BlockWorkload fork(SimRandom randomOfFork) {
        if (buffersOfForks.isEmpty()) {
            buffersOfForks.add(new Buffers());
        }
        BlockWorkload fork = new BlockWorkload(
                mix, places.copy(randomOfFork), oracle.copy(), prefix.copy(), randomOfFork, buffersOfForks.getFirst());
        fork.errorsAllowed = errorsAllowed;
        fork.fullAllowed = fullAllowed;
        return fork;
    }

    /** Lets requests end with errors from now on, or not. */
    public void allowErrors(boolean allowed) {
        errorsAllowed = allowed;
    }

    /** Lets changes be refused for want of space from now on. */
    public void allowFull() {
        fullAllowed = true;
    }

    /** Answers that come while {@code silent} holds reach nobody. */
    public void ignoreWhile(BooleanSupplier silent) {
        isServerSilent = silent;
    }

    /** True if requests may end with errors. */
    public boolean areErrorsAllowed() {
        return errorsAllowed;
    }

    /** True if a change may end so. */
    public boolean allows(Status status) {
        return status == Status.OK || errorsAllowed || (fullAllowed && status == Status.NO_SPACE);
    }

    /** The judge of single blocks. */
    public BlockOracle oracle() {
        return oracle;
    }

    /** The judge of the order among blocks. */
    public PrefixOracle prefix() {
        return prefix;
    }

    /** Requests that ended so far. */
    public long completed() {
        return completed;
    }

    /** Requests that ended with an error so far. */
    public long errors() {
        return errors;
    }

    /** Flushes and forced changes that ended with OK so far. */
    public long durableAnswers() {
        return durableAnswers;
    }

    /** Runs {@code task} whenever a flush or forced change has ended with OK, after the oracles were told. */
    public void whenDurable(Runnable task) {
        whenDurable = task;
    }

    void answeredDurable() {
        durableAnswers++;
        whenDurable.run();
    }

    /** True when everything asked for has ended. */
    public boolean isIdle() {
        return remaining == 0 && flights.isEmpty();
    }

    /** From now on requests go to {@code volume}; nothing may be under way. */
    public void attach(BlockVolume volume) {
        Checks.that(flights.isEmpty(), "nothing is under way when a volume is attached");
        volumes.clear();
        volumes.add(volume);
    }

    /** Sends {@code count} more requests; any thread of the world may call it. */
    public void start(long count) {
        remaining += count;
        volume().loop().post(this::pump);
    }

    /** The server's process died: nothing under way will end. */
    public void processDied() {
        abandon();
        oracle.processDied();
        prefix.processDied();
    }

    /** The power went, or the server's memory was lost: nothing under way will end. */
    public void powerCut() {
        abandon();
        oracle.powerCut();
        prefix.powerCut();
    }

    /** The server was stopped cleanly, which is as good as a flush. */
    public void flushed() {
        oracle.flushed(oracle.beginFlush());
        prefix.flushed(prefix.beginFlush());
    }

    /**
     * Reads every block that was ever changed, on the volume's loop, judges the state as a whole if this is the first
     * thing after a crash, then tells {@code done} whether every block could be read.
     */
    public void readAll(boolean afterCrash, Consumer<Boolean> done) {
        Checks.that(isIdle(), "nothing is under way when everything is read");
        new FullRead(this, afterCrash, done).next();
    }

    BlockVolume volume() {
        Checks.that(!volumes.isEmpty(), "a volume is attached");
        return volumes.getFirst();
    }

    private void abandon() {
        generation++;
        remaining = 0;
        flights.clear();
        pumpDue = false;
    }

    private void pump() {
        pumpDue = false;
        while (remaining > 0 && flights.size() < mix.shape().depth() && !pumpDue) {
            remaining--;
            if (!submitOne()) {
                remaining++;
                pumpLater(100_000);
                return;
            }
        }
    }

    private void pumpLater(long nanos) {
        if (!pumpDue) {
            pumpDue = true;
            int bound = generation;
            volume().loop().after(nanos, () -> {
                if (bound == generation) {
                    pump();
                }
            });
        }
    }

    /** Submits one request of the mix; false if none could be found that may run now. */
    private boolean submitOne() {
        int draw = random.below(mix.total());
        if ((draw -= mix.read()) < 0) {
            places.pick();
            if (mix.longReads() && random.oneIn(3)) {
                places.makeLong();
            }
            return submitLook(Request.Kind.READ);
        }
        if ((draw -= mix.write()) < 0) {
            return submitChange(Request.Kind.WRITE);
        }
        if ((draw -= mix.zero()) < 0) {
            return submitChange(Request.Kind.ZERO);
        }
        if ((draw -= mix.trim()) < 0) {
            return submitChange(Request.Kind.TRIM);
        }
        if ((draw -= mix.flush()) < 0) {
            Flight flight = newFlight(Request.Kind.FLUSH);
            flight.flushed(oracle.beginFlush(), prefix.beginFlush());
            volume().submit(flight.request());
            return true;
        }
        places.pick();
        return submitLook(random.oneIn(4) ? Request.Kind.CACHE : Request.Kind.EXTENTS);
    }

    private boolean submitLook(Request.Kind kind) {
        submitLook(kind, places.offset(), (int) places.lengthBytes(), newFlight(kind));
        return true;
    }

    void submitLook(Request.Kind kind, long offset, int lengthBytes, Flight flight) {
        Request request = flight.request();
        request.offset = offset;
        request.lengthBytes = lengthBytes;
        request.maxExtents = kind == Request.Kind.EXTENTS ? 1 + random.below(20) : 0;
        flight.looks(oracle.beginLook(offset, lengthBytes));
        volume().submit(request);
    }

    private boolean submitChange(Request.Kind kind) {
        int tries = 0;
        boolean wide = kind != Request.Kind.WRITE && random.oneIn(ONE_IN_WIDE);
        do {
            if (wide) {
                places.pickWide();
            } else {
                places.pick();
            }
            if (++tries > TRIES) {
                return false;
            }
        } while (!oracle.admits(places.offset(), places.lengthBytes()));
        long lengthBytes = places.lengthBytes();
        if (kind == Request.Kind.WRITE && !volume().hasRoom((int) lengthBytes)) {
            int bound = generation;
            pumpDue = true;
            volume().whenRoom(() -> {
                if (bound == generation) {
                    pump();
                }
            });
            remaining++;
            return true;
        }
        Flight flight = newFlight(kind);
        Request request = flight.request();
        request.offset = places.offset();
        request.lengthBytes = lengthBytes;
        request.forceUnitAccess = random.oneIn(10);
        request.keepAllocated = kind == Request.Kind.ZERO && !wide && random.oneIn(2);
        flight.changes(oracle.begin(request.offset, lengthBytes, kind != Request.Kind.WRITE));
        prefix.begin(flight.change());
        if (kind == Request.Kind.WRITE) {
            ByteBuffer data = buffers.data.clear();
            flight.change().putBytes(data);
            data.flip();
            volume().submitWrite(request, data);
            Checks.that(data.remaining() == 0, "a write takes all its bytes at once", data.remaining());
        } else {
            volume().submit(request);
        }
        return true;
    }

    /** Where the bytes of any read go: its completion follows at once. */
    ByteBuffer readSpace() {
        return buffers.readSpace.clear();
    }

    byte[] takeRead(long lengthBytes) {
        byte[] bytes = new byte[(int) lengthBytes];
        buffers.readSpace.get(0, bytes);
        return bytes;
    }

    Flight newFlight(Request.Kind kind) {
        Flight flight = new Flight(this, kind, generation);
        flights.add(flight);
        return flight;
    }

    /** {@code flight} has ended; false if it belongs to a server that is gone. */
    boolean ended(Flight flight, Status status) {
        if (flight.generation() != generation || isServerSilent.getAsBoolean()) {
            return false;
        }
        Checks.that(flights.remove(flight), "a request ends once");
        completed++;
        if (status != Status.OK) {
            errors++;
            if (!allows(status)) {
                throw new OracleViolation(flight.request().kind + " of " + flight.request().lengthBytes + " bytes at "
                        + flight.request().offset + " ended with " + status);
            }
        }
        if (remaining > 0) {
            long thinkNanos = mix.shape().thinkNanos();
            pumpLater(random.below(1 + (random.oneIn(ONE_IN_REST) ? thinkNanos * REST_FACTOR : thinkNanos)));
        }
        return true;
    }
}
