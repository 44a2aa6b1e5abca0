package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import org.jspecify.annotations.Nullable;

/**
 * One transport on one loop. It frames nothing: bytes come in, bytes go out.
 *
 * <ol>
 *   <li>Everything but {@code loop} is touched only by the loop that {@code loop} names; a move hands all of it over by
 *       writing {@code loop} and posting there. Tasks of this connection left behind on the old loop see that and
 *       do nothing.
 *   <li>{@link Receiver#closed} is posted exactly once, by {@link #end}.
 *   <li>While a move is under way nothing is read and nothing is presented.
 * </ol>
 */
final class HostConnection implements Connection, HostLoop.Ready {
    private static final long CLOSE_NANOS = 5_000_000_000L;
    private static final long DRAINED_BYTES = 1 << 20;

    /** What becomes of the stream. */
    private enum State {
        /** Both ways. */
        OPEN,
        /** Nothing more is read or queued; what is queued goes out. */
        SENDING_LAST,
        /** All is sent and the end is announced; what still comes is thrown away until the peer ends too. */
        LINGERING,
        /** Ended; the receiver has been told or will be in a later turn. */
        CLOSED
    }

    /** A move to another loop that was asked for. */
    private record Move(HostLoop target, Runnable arrived) {}

    private final Transport transport;
    private final String peer;
    private final SendQueue out = new SendQueue();
    private final ReceiveBuffer in = new ReceiveBuffer();
    private final Runnable flush = this::flush;
    private final Runnable presentAgain = this::presentAgain;
    private final Runnable readAgain = this::readAgain;
    private final Runnable tellDrained = this::tellDrained;

    private volatile HostLoop loop;
    private @Nullable SelectionKey key;
    private @Nullable Receiver receiver;
    private @Nullable Move move;
    private State state = State.OPEN;
    private String closeReason = "";
    private int interest;
    private boolean paused;
    private boolean blocked;
    private boolean flushQueued;
    private boolean presenting;
    private boolean readDue;
    private boolean largeQueue;
    private boolean drainedDue;

    private HostConnection(Transport transport, HostLoop loop, String peer) {
        this.transport = transport;
        this.loop = loop;
        this.peer = peer;
    }

    /** Puts a non-blocking transport that has greeted on {@code loop} and gives it its receiver. On that loop. */
    static void begin(Transport transport, HostLoop loop, String peer, Network.Acceptor acceptor) {
        HostConnection connection = new HostConnection(transport, loop, peer);
        connection.register();
        connection.receiver = acceptor.accepted(connection);
        if (connection.move == null) {
            connection.readLater();
        }
    }

    @Override
    public ByteBuffer reserve(int lengthBytes) {
        Checks.that(lengthBytes > 0 && lengthBytes <= RESERVE_BYTES, "a reserve has a length in range", lengthBytes);
        touch();
        if (state != State.OPEN) {
            // An answer that comes after the end: it goes into memory that nobody reads and the collector takes.
            return loop.buffers().borrow(lengthBytes).fill();
        }
        return out.reserve(loop.buffers(), lengthBytes);
    }

    @Override
    public long queuedBytes() {
        checkHere();
        return state == State.OPEN ? settle() : 0;
    }

    @Override
    public void pause() {
        touch();
        paused = true;
    }

    @Override
    public void resume() {
        touch();
        paused = false;
        if (in.heldBytes() > 0) {
            loop.post(presentAgain);
        }
        readLater();
    }

    @Override
    public void moveTo(Loop target, Runnable arrived) {
        touch();
        move = new Move(HostNetwork.hostLoop(target), arrived);
    }

    @Override
    public void closeAfterSending() {
        touch();
        if (state != State.OPEN) {
            return;
        }
        settle();
        state = State.SENDING_LAST;
        loop.after(CLOSE_NANOS, this::closeInTheEnd);
    }

    @Override
    public void close() {
        checkHere();
        end("closed here");
    }

    @Override
    public String peer() {
        return peer;
    }

    @Override
    public String proof() {
        return transport.proof();
    }

    @Override
    public void ready(SelectionKey readyKey) {
        boolean readable = readyKey.isReadable();
        if (readyKey.isWritable()) {
            send();
        }
        if (readable) {
            takeIn();
        }
        updateInterest();
    }

    private void takeIn() {
        if (state == State.LINGERING) {
            throwAway();
        } else if (isPresenting()) {
            receive();
        }
        readLater();
    }

    /** What the transport holds is read in a later turn: no socket says that it is there. */
    private void readLater() {
        if (!readDue && transport.holdsInput() && (isPresenting() || state == State.LINGERING)) {
            readDue = true;
            loop.post(readAgain);
        }
    }

    private void readAgain() {
        if (loop.isCurrent() && readDue) {
            readDue = false;
            takeIn();
            updateInterest();
        }
    }

    /** True when bytes that arrive are the receiver's to see. */
    private boolean isPresenting() {
        return state == State.OPEN && !paused && move == null;
    }

    private void receive() {
        if (in.isFull()) {
            present();
            return;
        }
        int received;
        try {
            received = in.receive(transport, loop.buffers());
            blocked |= !transport.flush();
        } catch (IOException failed) {
            end(reasonOf(failed));
            return;
        }
        if (received > 0) {
            present();
        } else if (received < 0) {
            lastSend();
            end("the peer ended the stream");
        } else {
            in.releaseIfEmpty(loop.buffers());
        }
    }

    private void present() {
        Receiver present = receiver;
        if (present == null) {
            throw Checks.unreachable("a connection that reads has its receiver");
        }
        presenting = true;
        present.received(in.held());
        presenting = false;
        int taken = in.taken(loop.buffers());
        if (state == State.CLOSED) {
            in.clear(loop.buffers());
        } else if (taken == 0 && in.isFull() && isPresenting()) {
            end("the receiver takes nothing of a full buffer");
        }
    }

    private void presentAgain() {
        if (loop.isCurrent() && isPresenting() && in.heldBytes() > 0) {
            present();
        }
    }

    private void throwAway() {
        try {
            int received = in.receive(transport, loop.buffers());
            in.clear(loop.buffers());
            if (received < 0) {
                end("closed here");
            }
        } catch (IOException failed) {
            end("closed here");
        }
    }

    /** At the end of every turn in which the connection was called. */
    private void flush() {
        flushQueued = false;
        if (state == State.CLOSED) {
            out.clear(loop.buffers());
            return;
        }
        settle();
        if (!blocked) {
            send();
        }
        if (state != State.CLOSED) {
            updateInterest();
            startMove();
        }
    }

    private long settle() {
        long queued = out.settle();
        largeQueue |= queued > DRAINED_BYTES;
        return queued;
    }

    private void send() {
        if (state == State.LINGERING || state == State.CLOSED) {
            out.clear(loop.buffers());
            return;
        }
        settle();
        try {
            blocked = out.send(transport, loop.buffers()) > 0 || !transport.flush();
        } catch (IOException failed) {
            end(reasonOf(failed));
            return;
        }
        if (!blocked && state == State.SENDING_LAST) {
            linger();
        } else if (!blocked && largeQueue) {
            largeQueue = false;
            drainedDue = true;
            loop.post(tellDrained);
        }
    }

    /** The peer sends no more, but may still read: what is queued goes out if it goes at once. */
    private void lastSend() {
        settle();
        try {
            out.send(transport, loop.buffers());
        } catch (IOException ignored) {
            // The stream ends here anyway; the reason to tell is that the peer ended it first.
            out.clear(loop.buffers());
        }
    }

    /** Closing now, with bytes of the peer unread, would reset the stream and could cost it what was just sent. */
    private void linger() {
        state = State.LINGERING;
        paused = false;
        in.clear(loop.buffers());
        try {
            transport.endOutput();
        } catch (IOException failed) {
            end(reasonOf(failed));
        }
    }

    private void closeInTheEnd() {
        end(state == State.LINGERING ? "closed here" : "closed here; the peer did not take everything in time");
    }

    private void tellDrained() {
        Receiver present = receiver;
        if (loop.isCurrent() && drainedDue && state == State.OPEN && move == null && present != null) {
            drainedDue = false;
            present.drained();
        }
    }

    private void end(String reason) {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        closeReason = reason;
        try {
            transport.close();
        } catch (IOException failed) {
            closeReason = reason + "; " + reasonOf(failed);
        }
        if (!flushQueued) {
            out.clear(loop.buffers());
        }
        if (!presenting) {
            in.clear(loop.buffers());
        }
        loop.post(this::tellClosed);
    }

    private void tellClosed() {
        Receiver present = receiver;
        if (present == null) {
            throw Checks.unreachable("a connection that ended has its receiver");
        }
        Move asked = move;
        if (asked == null) {
            present.closed(closeReason);
            return;
        }
        loop = asked.target;
        asked.target.post(() -> {
            move = null; // It has arrived, if only to hear of its end.
            asked.arrived.run();
            present.closed(closeReason);
        });
    }

    private void startMove() {
        Move asked = move;
        if (asked == null || state != State.OPEN) {
            return;
        }
        SelectionKey left = key;
        if (asked.target != loop && left != null) {
            left.attach(null);
            left.cancel();
            key = null;
        }
        loop = asked.target;
        asked.target.post(() -> arrive(asked));
    }

    private void arrive(Move done) {
        move = null;
        readDue = false;
        if (key == null) {
            register();
        }
        done.arrived.run();
        if (in.heldBytes() > 0) {
            loop.post(presentAgain);
        }
        if (drainedDue) {
            loop.post(tellDrained);
        }
        readLater();
        updateInterest();
    }

    private void register() {
        try {
            interest = wantedInterest();
            key = loop.register(transport.socket(), interest, this);
        } catch (IOException failed) {
            end(reasonOf(failed));
        }
    }

    private int wantedInterest() {
        boolean reads = isPresenting() || state == State.LINGERING;
        return (reads ? SelectionKey.OP_READ : 0) | (blocked ? SelectionKey.OP_WRITE : 0);
    }

    private void updateInterest() {
        SelectionKey present = key;
        int wanted = wantedInterest();
        if (state != State.CLOSED && present != null && wanted != interest) {
            interest = wanted;
            present.interestOps(wanted);
        }
    }

    /** Every call of the connection's owner but close: here, and looked at again when the turn ends. */
    private void touch() {
        checkHere();
        if (!flushQueued) {
            flushQueued = true;
            loop.sendAtEndOfTurn(flush);
        }
    }

    private void checkHere() {
        Checks.that(loop.isCurrent(), "a connection is used on its own loop");
        Checks.that(move == null, "a connection that moves is not used before it has arrived");
    }

    private static String reasonOf(IOException failed) {
        String message = failed.getMessage();
        return message == null ? failed.getClass().getSimpleName() : message;
    }
}
