package dev.holdfast.io;

import java.nio.ByteBuffer;

/**
 * One stream to a peer. Everything queued in a turn goes out in one gathering write at its end. All calls only on the
 * connection's loop.
 */
public interface Connection {
    /** The most unconsumed bytes a receiver is ever shown at once. */
    int RECEIVE_BYTES = 2 << 20;

    /** The most that one {@link #reserve} may ask for. */
    int RESERVE_BYTES = 2 << 20;

    /**
     * Space to append to what is sent: a direct big-endian buffer with at least {@code lengthBytes} remaining. Whatever
     * its position has advanced by, when the connection is next called or the turn ends, is queued. Queued bytes
     * have no limit here: callers bound them by what they take in.
     */
    ByteBuffer reserve(int lengthBytes);

    /** Bytes queued and not yet taken by the peer's socket. */
    long queuedBytes();

    /** Stops reading from the peer until {@link #resume}; bytes already presented and not taken are kept. */
    void pause();

    /** Reads again; bytes kept are presented again in a later turn even if nothing new arrives. */
    void resume();

    /**
     * Hands the connection to another loop; {@code arrived} is the first thing that runs there for it. Nothing may be
     * called on it here after this call. Bytes not taken move along and are presented there.
     */
    void moveTo(Loop loop, Runnable arrived);

    /** Sends what is queued, then ends the stream; at once if the peer does not take it in five seconds. */
    void closeAfterSending();

    /** Ends the stream now. {@link Receiver#closed} follows in a later turn. */
    void close();

    /** The peer, for people. */
    String peer();

    /** Who the peer has proved to be, as its network proves it; empty where nothing is proved. From the start on. */
    default String proof() {
        return "";
    }
}
