package dev.holdfast.io;

import java.nio.ByteBuffer;

/** The side of a connection that takes what arrives. All calls come on the connection's loop. */
public interface Receiver {
    /**
     * Bytes have arrived. Take as many as make sense by moving the position; the rest is presented again together with
     * what arrives later (at most {@link Connection#RECEIVE_BYTES} at once: a receiver that takes nothing of a full
     * buffer is in breach and the connection is closed). The buffer is direct, big endian, and valid only in this call.
     */
    void received(ByteBuffer in);

    /** What was queued for sending fell to zero after {@link Connection#queuedBytes} had passed a megabyte. */
    void drained();

    /** The connection has ended, for whatever reason; nothing more will be called. Called exactly once. */
    void closed(String reason);
}
