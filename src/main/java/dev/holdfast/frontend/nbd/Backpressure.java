package dev.holdfast.frontend.nbd;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Connection;

/**
 * Decides when a connection is read: not while too much of it is under way or waits to be sent, and not while the disk
 * has no room. What it counts are the only things a client can make grow.
 */
final class Backpressure {
    /** Requests taken from one receive before others on the loop get their turn. */
    private static final int TURN_REQUESTS = 1024;

    /** Bytes of replies asked for in one receive before others on the loop get their turn. */
    private static final long TURN_REPLY_BYTES = 8 << 20;

    private final Connection connection;
    private final NbdLimits limits;

    private int inFlight;
    private long replyBytes;
    private boolean paused;

    /** True while somebody has promised to call when there is room; nothing else resumes before. */
    private boolean awaitsCall;

    private int turnRequests;
    private long turnReplyBytes;

    Backpressure(Connection connection, NbdLimits limits) {
        this.connection = connection;
        this.limits = limits;
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

    /** True if one more request may be taken now; pauses the connection if not. */
    boolean takesMore() {
        boolean full =
                inFlight >= limits.requestsInFlight() || replyBytes + connection.queuedBytes() >= limits.replyBytes();
        if (full) {
            pause();
            return false;
        }
        if (turnRequests >= TURN_REQUESTS || turnReplyBytes >= TURN_REPLY_BYTES) {
            connection.pause();
            connection.resume(); // What is left is presented in a later turn.
            return false;
        }
        return true;
    }

    /** Pauses the connection until {@link #called}. */
    void pauseUntilCalled() {
        Checks.that(!awaitsCall, "one call is awaited");
        awaitsCall = true;
        pause();
    }

    /** What was waited for may be there. */
    void called() {
        Checks.that(awaitsCall, "a call is awaited");
        awaitsCall = false;
        resume();
    }

    /** {@code operation} has been taken; its reply may have {@code bytes} bytes of data. */
    void began(Operation operation, long bytes) {
        operation.replyBytes = bytes;
        inFlight++;
        replyBytes += bytes;
        turnRequests++;
        turnReplyBytes += bytes;
    }

    /** A request has been answered without getting to the disk. */
    void refused() {
        turnRequests++;
    }

    /** {@code operation} has ended. */
    void ended(Operation operation) {
        inFlight--;
        replyBytes -= operation.replyBytes;
        Checks.that(inFlight >= 0 && replyBytes >= 0, "what ends had begun", inFlight, replyBytes);
    }

    /** Reads again if there is less to do; half of the limit, so that it does not flap. */
    void lessToDo() {
        if (paused
                && !awaitsCall
                && inFlight <= limits.requestsInFlight() / 2
                && replyBytes + connection.queuedBytes() <= limits.replyBytes() / 2) {
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
