package dev.holdfast.frontend.nbd;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Connection;

/**
 * Decides when a connection is read: not while too much of it is under way or waits to be sent, not while the
 * connections of its loop hold too much together, and not while the disk has no room. What it counts are the only
 * things a client can make grow.
 */
final class Backpressure {
    /** Requests taken from one receive before others on the loop get their turn. */
    private static final int TURN_REQUESTS = 1024;

    /** Bytes of replies asked for in one receive before others on the loop get their turn. */
    private static final long TURN_REPLY_BYTES = 8 << 20;

    private final Connection connection;
    private final NbdLimits limits;
    private final ReplySpace space;
    private final Runnable called = this::called;

    private int inFlight;

    /** What the requests under way may add to what waits to be sent. */
    private long replyBytes;

    /** What {@link ReplySpace} knows of this connection. */
    private long countedBytes;

    private boolean paused;

    /** True while somebody has promised to call when there is room; nothing else resumes before. */
    private boolean awaitsCall;

    private boolean over;
    private int turnRequests;
    private long turnReplyBytes;

    Backpressure(Connection connection, NbdLimits limits, ReplySpace space) {
        this.connection = connection;
        this.limits = limits;
        this.space = space;
    }

    int inFlight() {
        return inFlight;
    }

    boolean isPaused() {
        return paused;
    }

    /** A receive begins. */
    void turnBegins() {
        turnRequests = 0;
        turnReplyBytes = 0;
    }

    /** True if a request whose reply may have {@code bytes} bytes may be taken now; pauses the connection if not. */
    boolean takes(long bytes) {
        if (inFlight >= limits.requestsInFlight() || heldBytes() >= limits.replyBytes()) {
            pause();
            return false;
        }
        count();
        if (!space.has(countedBytes, bytes)) {
            space.whenMore(pauseUntilCalled());
            return false;
        }
        if (turnRequests >= TURN_REQUESTS || turnReplyBytes >= TURN_REPLY_BYTES) {
            connection.pause();
            connection.resume(); // What is left is presented in a later turn.
            return false;
        }
        return true;
    }

    /** Pauses the connection until the task returned is run. */
    Runnable pauseUntilCalled() {
        Checks.that(!awaitsCall, "one call is awaited");
        awaitsCall = true;
        pause();
        return called;
    }

    /** {@code operation} has been taken; its reply may have {@code bytes} bytes. */
    void began(Operation operation, long bytes) {
        operation.replyBytes = bytes;
        inFlight++;
        replyBytes += bytes;
        turnRequests++;
        turnReplyBytes += bytes;
        count();
    }

    /** A request has been answered without getting to the disk. */
    void refused() {
        turnRequests++;
    }

    /** {@code operation} has ended, and its reply waits to be sent. */
    void ended(Operation operation) {
        inFlight--;
        replyBytes -= operation.replyBytes;
        Checks.that(inFlight >= 0 && replyBytes >= 0, "what ends had begun", inFlight, replyBytes);
        lessToDo();
    }

    /** Reads again if there is little enough to do: half of the limit, so that it does not flap. */
    void lessToDo() {
        count();
        if (paused
                && !awaitsCall
                && !over
                && inFlight <= limits.requestsInFlight() / 2
                && heldBytes() <= limits.replyBytes() / 2) {
            resume();
        }
    }

    /** The connection is not used any more. */
    void fallSilent() {
        over = true;
        count();
    }

    /** What a client has asked for and not taken. */
    private long heldBytes() {
        return replyBytes + (over ? 0 : connection.queuedBytes());
    }

    /** Less than a megabyte in the queue is not counted: nobody tells when it has gone. */
    private void count() {
        long queuedBytes = over ? 0 : connection.queuedBytes();
        long bytes = replyBytes + (queuedBytes > ReplySpace.OWN_BYTES ? queuedBytes : 0);
        if (bytes != countedBytes) {
            space.adjust(bytes - countedBytes);
            countedBytes = bytes;
        }
    }

    private void called() {
        Checks.that(awaitsCall, "a call is awaited");
        awaitsCall = false;
        if (!over) {
            resume();
        }
    }

    private void pause() {
        Checks.that(!paused, "a paused connection takes nothing");
        paused = true;
        connection.pause();
    }

    private void resume() {
        paused = false;
        connection.resume();
    }
}
