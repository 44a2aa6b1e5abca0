package dev.holdfast.frontend.nbd;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * One request of a client while it is under way; it ends when its last piece has ended. Pooled: nothing of it may be
 * used after {@link OperationPool#release}.
 */
final class Operation {
    private static final ByteBuffer NO_PART = ByteBuffer.allocate(0);

    /** The longest list of extents that is kept for the next request. */
    private static final int KEPT_EXTENTS = 64;

    int command;
    long cookie;
    long offset;
    long lengthBytes;

    /** Pieces not ended yet, and one for the connection while it still takes the data of a long WRITE. */
    int outstanding;

    /** The first error, or {@code NBD_OK}. */
    int error;

    /** What it may add to the replies that wait to be sent. */
    long replyBytes;

    /** True if the data of a long READ is gathered in {@link #parts} and answered as one. */
    boolean gathers;

    /** Data of a long READ, piece by piece. */
    ByteBuffer[] parts = new ByteBuffer[0];

    int partCount;

    /** Answer to BLOCK_STATUS: length and flags in turns. */
    int[] extents = new int[0];

    int extentCount;
    long extentBytes;

    /** Takes over what {@code header} asks for. */
    void begin(RequestHeader header) {
        Checks.that(outstanding == 0 && !gathers, "an operation from the pool is unused");
        command = header.command;
        cookie = header.cookie;
        offset = header.offset;
        lengthBytes = header.lengthBytes;
        error = TransmissionWire.NBD_OK;
        replyBytes = 0;
        partCount = 0;
        extentCount = 0;
        extentBytes = 0;
    }

    /** Makes it gather its data in {@code count} parts from {@code space}. */
    void gather(int count, ReplySpace space) {
        gathers = true;
        partCount = count;
        parts = parts.length < count ? new ByteBuffer[count] : parts;
        for (int i = 0; i < count; i++) {
            parts[i] = space.takePart();
        }
    }

    /** Gives the parts back, if it has any. */
    void ungather(ReplySpace space) {
        for (int i = 0; i < partCount; i++) {
            space.releasePart(parts[i]);
            parts[i] = NO_PART;
        }
        partCount = 0;
        gathers = false;
    }

    /** Goes back to the pool without what only few requests need. */
    void rest() {
        Checks.that(outstanding == 0 && !gathers, "an operation ends after its pieces", outstanding);
        extents = extents.length > 2 * KEPT_EXTENTS ? new int[0] : extents;
    }

    /** Keeps the first error. */
    void fail(int cause) {
        error = error == TransmissionWire.NBD_OK ? cause : error;
    }

    /** Adds one extent, joined with the one before if it is alike; what is behind the range asked for is cut. */
    void addExtent(long reportedBytes, int flags) {
        long bytes = Math.min(reportedBytes, lengthBytes - extentBytes);
        Checks.that(reportedBytes > 0, "an extent has bytes", reportedBytes);
        if (bytes == 0) {
            return;
        }
        extentBytes += bytes;
        int last = 2 * extentCount - 2;
        if (last >= 0 && extents[last + 1] == flags) {
            extents[last] += (int) bytes;
            return;
        }
        if (2 * extentCount == extents.length) {
            extents = Arrays.copyOf(extents, Math.max(16, 4 * extentCount));
        }
        extents[2 * extentCount] = (int) bytes;
        extents[2 * extentCount + 1] = flags;
        extentCount++;
    }
}
