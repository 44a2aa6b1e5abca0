package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Acceptor;
import dev.holdfast.io.Receiver;
import dev.holdfast.sim.random.SimRandom;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * One end of a simulated stream. What is queued here travels in pieces, at most a window at a time, to the other end's
 * {@code arrived} bytes, and from there into the buffer its receiver is shown. The fault model is {@link SimNetwork}'s.
 *
 * <p>The end of the stream is an event like any other: {@code ENDING} when this end was closed and the last bytes are
 * still to go, {@code ENDED} when nothing is sent or shown any more and only {@link Receiver#closed} may follow.
 */
final class SimConnection implements Connection {
    private static final long LINGER_NANOS = 5_000_000_000L;
    private static final long DRAIN_BYTES = 1 << 20;

    private enum State {
        /** Bytes go both ways. */
        OPEN,
        /** Closed here after sending: takes nothing any more, sends what is queued. */
        ENDING,
        /** Over. */
        ENDED
    }

    private final SimNetwork net;
    private final SimProcess process;
    private final String peerName;
    private final ByteQueue queued = new ByteQueue();
    private final ByteQueue arrived = new ByteQueue();
    private final ArrayDeque<Runnable> inFlight = new ArrayDeque<>();
    private final int windowBytes;
    private SimLoop loop;
    private SimConnection other = this;
    private Receiver receiver = new Deaf();
    private ByteBuffer staging = ByteBuffer.allocateDirect(4096);
    private ByteBuffer shown = ByteBuffer.allocateDirect(4096).limit(0);
    private State state = State.OPEN;
    private String endReason = "";
    private long lastArrivalNanos;
    private int inFlightBytes;
    private int dueCount;
    private boolean delivering;
    private boolean dropping;
    private boolean accepted;
    private boolean paused;
    private boolean moving;
    private boolean presentDue;
    private boolean commitDue;
    private boolean wasFull;

    SimConnection(SimNetwork net, SimProcess process, SimLoop loop, String peerName) {
        this.net = net;
        this.process = process;
        this.loop = loop;
        this.peerName = peerName;
        this.windowBytes = 1 << net.world().random().between(12, 21);
    }

    SimProcess process() {
        return process;
    }

    void joinWith(SimConnection end) {
        other = end;
    }

    void openBy(Acceptor acceptor) {
        loop.enqueue(SimLoop.UNORDERED, EventKind.NETWORK, 0, () -> {
            receiver = acceptor.accepted(this);
            accepted = true;
            presentLater();
        });
    }

    @Override
    public ByteBuffer reserve(int lengthBytes) {
        Checks.that(lengthBytes > 0 && lengthBytes <= RESERVE_BYTES, "a reserve within its limit", lengthBytes);
        commit();
        if (staging.capacity() < lengthBytes) {
            staging = ByteBuffer.allocateDirect(Integer.highestOneBit(lengthBytes) * 2);
        }
        if (!commitDue) {
            commitDue = true;
            loop.atEndOfTurn(this::commitAtEnd);
        }
        return staging.clear();
    }

    @Override
    public long queuedBytes() {
        commit();
        return queued.size();
    }

    @Override
    public void pause() {
        commit();
        paused = true;
    }

    @Override
    public void resume() {
        commit();
        paused = false;
        presentLater();
        other.pump();
    }

    @Override
    public void moveTo(Loop target, Runnable arrivedThere) {
        commit();
        pump();
        moving = true;
        loop = (SimLoop) target;
        commitDue = false;
        loop.enqueue(net.world().posterId(), EventKind.NETWORK, 0, () -> {
            moving = false;
            presentDue = false;
            arrivedThere.run();
            presentLater();
        });
    }

    @Override
    public void closeAfterSending() {
        commit();
        if (state == State.OPEN) {
            state = State.ENDING;
            net.world()
                    .scheduler()
                    .after(LINGER_NANOS, loop, EventKind.NETWORK, 0, () -> end("not taken in time", false));
            pump();
        }
    }

    @Override
    public void close() {
        commit();
        end("closed here", net.world().random().oneIn(2));
    }

    @Override
    public String peer() {
        return peerName;
    }

    private void commitAtEnd() {
        if (!moving && loop.isCurrent()) {
            commitDue = false;
            commit();
            pump();
        }
    }

    private void commit() {
        Checks.that(!moving, "a connection that moves is not called before it arrived");
        Checks.that(loop.isCurrent(), "a connection is called on its loop");
        if (staging.position() > 0 && state == State.OPEN && !process.isSilent()) {
            queued.add(staging.flip());
            wasFull |= queued.size() > DRAIN_BYTES;
        }
        staging.clear();
    }

    /** Delivers what is due, and sends what the window allows. */
    void pump() {
        deliver();
        SimRandom random = net.world().random();
        while (state != State.ENDED && queued.size() > 0 && inFlightBytes < windowBytes && !isCut()) {
            int size = Math.min(queued.size(), windowBytes - inFlightBytes);
            if (random.oneIn(net.oneInSplit)) {
                size = random.oneIn(2) ? 1 : 1 + random.below(size);
            }
            if (random.perMillion(net.resetPerMillion)) {
                send(queued.take(random.below(size + 1)));
                reset("reset by the network");
                return;
            }
            send(queued.take(size));
        }
        if (queued.size() == 0 && wasFull && state != State.ENDED) {
            wasFull = false;
            loop.enqueue(SimLoop.UNORDERED, EventKind.NETWORK, 0, this::drained);
        }
        if (queued.size() == 0 && state == State.ENDING) {
            end("closed here", true);
        }
    }

    private void drained() {
        if (state == State.OPEN && !moving) {
            receiver.drained();
        }
    }

    private boolean isCut() {
        return net.isCut(process.machine(), other.process.machine());
    }

    private void send(byte[] piece) {
        inFlightBytes += piece.length;
        afterLastPiece(net.pieceDelayNanos(), piece.length, () -> arrive(piece));
    }

    /** Runs {@code task} after what was sent before has arrived. */
    private void afterLastPiece(long delayNanos, long detail, Runnable task) {
        Scheduler scheduler = net.world().scheduler();
        lastArrivalNanos = Math.max(lastArrivalNanos + 1, scheduler.nowNanos() + delayNanos);
        inFlight.add(task);
        scheduler.after(lastArrivalNanos - scheduler.nowNanos(), net.world().scene(), EventKind.NETWORK, detail, () -> {
            dueCount++;
            deliver();
        });
    }

    /** What arrives makes room for more, which is not delivered within: many pieces may be due after a cut. */
    private void deliver() {
        if (delivering) {
            return;
        }
        delivering = true;
        while (dueCount > 0 && !isCut()) {
            dueCount--;
            inFlight.remove().run();
        }
        delivering = false;
    }

    private void arrive(byte[] piece) {
        if (other.state == State.OPEN && !dropping) {
            other.arrived.add(piece, 0, piece.length);
            other.presentLater();
        } else {
            taken(piece.length);
        }
    }

    /** The other end took {@code count} bytes out of the window. */
    private void taken(int count) {
        inFlightBytes -= count;
        pump();
    }

    private void presentLater() {
        if (!presentDue && !paused && !moving && accepted && state == State.OPEN) {
            presentDue = true;
            SimLoop target = loop;
            loop.enqueue(SimLoop.UNORDERED, EventKind.NETWORK, arrived.size(), () -> present(target));
        }
    }

    private void present(SimLoop target) {
        if (moving || target != loop) {
            return;
        }
        presentDue = false;
        if (paused || state != State.OPEN) {
            return;
        }
        boolean grew = takeArrived();
        if (grew || shown.remaining() > 0) {
            show();
        }
        if (!moving && arrived.size() > 0) {
            presentLater();
        } else if (!moving && !paused && !endReason.isEmpty()) {
            finish(endReason);
        }
    }

    private boolean takeArrived() {
        SimRandom random = net.world().random();
        int count = Math.min(arrived.size(), RECEIVE_BYTES - shown.remaining());
        if (count == 0) {
            return false;
        }
        if (random.oneIn(net.oneInSplit)) {
            count = 1 + random.below(count);
        }
        int kept = shown.remaining();
        if (shown.capacity() < kept + count) {
            int capacity = Math.min(RECEIVE_BYTES, Integer.highestOneBit(kept + count) * 2);
            shown = ByteBuffer.allocateDirect(capacity).put(shown);
        } else {
            shown.compact();
        }
        shown.put(arrived.take(count)).flip();
        other.taken(count);
        return true;
    }

    private void show() {
        int before = shown.remaining();
        int limit = shown.limit();
        receiver.received(shown);
        shown.limit(limit);
        if (before == RECEIVE_BYTES && shown.remaining() == before && !paused && !moving) {
            end("took nothing of a full buffer", false);
        }
    }

    /** Ends this end now. The other one hears of it after what is in flight if that is orderly, or instead of it. */
    private void end(String reason, boolean orderly) {
        if (state != State.ENDED && !process.isSilent()) {
            tellOther("ended by the peer", orderly, 0);
            finish(reason);
        }
    }

    private void tellOther(String reason, boolean orderly, long delayNanos) {
        dropping |= !orderly;
        afterLastPiece(delayNanos + net.pieceDelayNanos(), 0, () -> other.ended(reason, orderly));
    }

    /** The other end is over. An orderly end is noticed after the last byte, an abrupt one at once. */
    private void ended(String reason, boolean orderly) {
        if (state == State.ENDED) {
            return;
        }
        endReason = reason;
        if (!orderly || state == State.ENDING) {
            finish(reason);
        } else {
            presentLater();
        }
    }

    private void finish(String reason) {
        if (state == State.ENDED) {
            return;
        }
        state = State.ENDED;
        queued.clear();
        net.forget(this);
        tellClosed(reason);
    }

    private void tellClosed(String reason) {
        loop.enqueue(SimLoop.UNORDERED, EventKind.NETWORK, 0, () -> {
            if (moving || !accepted) {
                tellClosed(reason);
            } else {
                receiver.closed(reason);
            }
        });
    }

    /** Cuts the stream on both sides, not at the same time. */
    void reset(String reason) {
        if (state != State.ENDED) {
            SimRandom random = net.world().random();
            tellOther(reason, random.oneIn(2), random.oneIn(4) ? 1_000_000_000L : 0);
            finish(reason);
        }
    }

    /** The process of this end is no more. */
    void vanish(long noticeNanos) {
        tellOther("ended by the peer", net.world().random().oneIn(2), noticeNanos);
        state = State.ENDED;
        queued.clear();
        net.forget(this);
    }

    /** The receiver before there is one; it is never shown anything. */
    private static final class Deaf implements Receiver {
        @Override
        public void received(ByteBuffer in) {
            throw Checks.unreachable("bytes are shown to somebody");
        }

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {}
    }
}
