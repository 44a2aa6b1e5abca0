package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.NBD_EINVAL;
import static dev.holdfast.frontend.nbd.TransmissionWire.NBD_EIO;
import static dev.holdfast.frontend.nbd.TransmissionWire.NBD_ENOSPC;
import static dev.holdfast.frontend.nbd.TransmissionWire.NBD_EPERM;
import static dev.holdfast.frontend.nbd.TransmissionWire.NBD_ESHUTDOWN;
import static dev.holdfast.frontend.nbd.TransmissionWire.NBD_OK;

import dev.holdfast.block.Status;
import java.nio.charset.StandardCharsets;

/** What a client is told when a request did not succeed: the number and a line for people. */
final class NbdErrors {
    private static final byte[] NO_TEXT = new byte[0];
    private static final byte[] PERMISSION_TEXT = text("the disk is read-only");
    private static final byte[] IO_TEXT = text("part of the range could not be read or kept");
    private static final byte[] INVALID_TEXT = text("the request makes no sense for this disk");
    private static final byte[] SPACE_TEXT = text("no space");
    private static final byte[] SHUTDOWN_TEXT = text("the server is stopping");

    private NbdErrors() {}

    /** The error number for {@code status}; {@code NBD_OK} if it is good. */
    static int of(Status status) {
        return switch (status) {
            case OK -> NBD_OK;
            case IO_ERROR -> NBD_EIO;
            case NO_SPACE -> NBD_ENOSPC;
            case INVALID -> NBD_EINVAL;
            case READ_ONLY -> NBD_EPERM;
            case SHUTDOWN, MOVED -> NBD_ESHUTDOWN;
        };
    }

    /** The line for people that goes with {@code error}; the same array every time, not to be changed. */
    static byte[] textOf(int error) {
        return switch (error) {
            case NBD_EPERM -> PERMISSION_TEXT;
            case NBD_EIO -> IO_TEXT;
            case NBD_EINVAL -> INVALID_TEXT;
            case NBD_ENOSPC -> SPACE_TEXT;
            case NBD_ESHUTDOWN -> SHUTDOWN_TEXT;
            default -> NO_TEXT;
        };
    }

    private static byte[] text(String line) {
        return line.getBytes(StandardCharsets.UTF_8);
    }
}
