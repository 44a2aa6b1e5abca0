package dev.holdfast.frontend.nbd;

import dev.holdfast.base.Checks;

/**
 * What one server takes from outside before it pauses, refuses or hangs up.
 *
 * @param connections connections at once; further ones are closed when they arrive
 * @param options options in one handshake; one more ends the connection
 * @param handshakeNanos time from connecting to the end of the handshake
 * @param requestsInFlight requests of one connection under way; above it the connection is not read
 * @param replyBytes bytes of one connection's replies that were asked for or wait to be sent; above it the connection
 *     is not read. A request below it may pass it by one payload
 * @param loopReplyBytes the same for all connections of one loop together, but for a megabyte that each may always have
 */
public record NbdLimits(
        int connections, int options, long handshakeNanos, int requestsInFlight, long replyBytes, long loopReplyBytes) {
    /** What a node uses. */
    public static final NbdLimits DEFAULTS = new NbdLimits(1024, 1000, 10_000_000_000L, 1024, 64L << 20, 256L << 20);

    /** Checks that every limit lets something through. */
    public NbdLimits {
        Checks.that(connections > 0 && options > 0 && requestsInFlight > 0, "limits let one through");
        Checks.that(handshakeNanos > 0, "limits leave time", handshakeNanos);
        // A connection is read again at half of it, and drained() is promised only above a megabyte.
        Checks.that(replyBytes >= 2 << 20, "replies may fill two megabytes", replyBytes);
        Checks.that(loopReplyBytes >= TransmissionWire.MAXIMUM_PAYLOAD_BYTES, "the longest READ fits", loopReplyBytes);
    }
}
