package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.NBD_REQUEST_MAGIC;

import java.nio.ByteBuffer;

/**
 * The head of the request being looked at, taken apart ({@link TransmissionWire} has the table). Reused for the next.
 */
final class RequestHeader {
    int flags;
    int command;
    long cookie;
    long offset;
    long lengthBytes;

    /** Reads the head at {@code in}'s position, without moving it; false if it does not begin as a request must. */
    boolean read(ByteBuffer in) {
        int start = in.position();
        flags = in.getShort(start + 4) & 0xffff;
        command = in.getShort(start + 6) & 0xffff;
        cookie = in.getLong(start + 8);
        offset = in.getLong(start + 16);
        lengthBytes = in.getInt(start + 24) & 0xffff_ffffL;
        return in.getInt(start) == NBD_REQUEST_MAGIC;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }
}
