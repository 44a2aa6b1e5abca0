package dev.holdfast.frontend.nbd;

import java.nio.ByteBuffer;

/** What a connection is doing: haggling over options, or serving requests. Every call on the connection's loop. */
sealed interface Phase permits Handshake, Transmission {
    /** Bytes have arrived; see {@code io.Receiver}. */
    void received(ByteBuffer in);

    /** Everything queued has been sent. */
    void drained();

    /** The connection is gone; what is under way ends without an answer. */
    void closed();

    /** The server stops: answer what is under way, then close. May come before a moving connection has arrived. */
    void stop();

    /** The server has stopped waiting: close now. May come before a moving connection has arrived. */
    void cut();
}
