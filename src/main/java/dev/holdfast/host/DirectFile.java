package dev.holdfast.host;

import dev.holdfast.host.Posix.IoVector;
import dev.holdfast.io.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The way to a file that goes around the page cache ({@code O_DIRECT}). It writes only, from memory aligned to
 * {@link Disk#BLOCK_BYTES}; one call of the kernel per batch, made durable by that same call where asked for.
 */
final class DirectFile {
    private final int fd;

    private DirectFile(int fd) {
        this.fd = fd;
    }

    /** Nothing where the file system has no such way, or none for 4 KiB blocks. */
    static Optional<DirectFile> open(Path path) {
        int fd = Posix.open(path, Posix.O_RDWR | Posix.O_DIRECT);
        if (fd < 0) {
            return Optional.empty();
        }
        ByteBuffer block = ByteBuffer.allocateDirect(2 * Disk.BLOCK_BYTES).alignedSlice(Disk.BLOCK_BYTES);
        IoVector vector = Posix.vector();
        vector.put(0, addressOf(block), Disk.BLOCK_BYTES);
        long read = Posix.read(fd, vector, 1, 0, 0);
        Reference.reachabilityFence(block);
        if (read != Disk.BLOCK_BYTES) {
            Posix.close(fd);
            return Optional.empty();
        }
        return Optional.of(new DirectFile(fd));
    }

    static boolean isAligned(ByteBuffer buffer) {
        return buffer.isDirect() && buffer.alignmentOffset(buffer.position(), Disk.BLOCK_BYTES) == 0;
    }

    /** Writes what {@code from} has remaining. */
    void write(long offset, ByteBuffer from) throws IOException {
        IoVector vector = Posix.vector();
        long address = addressOf(from);
        int length = from.remaining();
        for (long sent = 0; sent < length; ) {
            vector.put(0, address + sent, length - sent);
            sent += checked(Posix.write(fd, vector, 1, offset + sent, 0));
        }
        Reference.reachabilityFence(from);
    }

    /** Writes the parts one after another; they are on the medium when this returns. */
    void writeDurable(long offset, ByteBuffer[] parts, int count) throws IOException {
        IoVector vector = Posix.vector();
        long at = offset;
        long skippedBytes = 0;
        for (int first = 0; first < count; ) {
            int pieces = Math.min(count - first, IoVector.MAX_PIECES);
            vector.put(0, addressOf(parts[first]) + skippedBytes, parts[first].remaining() - skippedBytes);
            for (int i = 1; i < pieces; i++) {
                vector.put(i, addressOf(parts[first + i]), parts[first + i].remaining());
            }
            long written = checked(Posix.write(fd, vector, pieces, at, Posix.WRITE_DSYNC));
            at += written;
            skippedBytes += written;
            while (first < count && skippedBytes >= parts[first].remaining()) {
                skippedBytes -= parts[first++].remaining();
            }
        }
        Reference.reachabilityFence(parts);
    }

    void close() {
        Posix.close(fd);
    }

    static long addressOf(ByteBuffer buffer) {
        return MemorySegment.ofBuffer(buffer).address();
    }

    /** The bytes a call has moved; none if it was interrupted and shall be made again. */
    private static long checked(long result) throws IOException {
        if (result == -Posix.EINTR) {
            return 0;
        }
        if (result < 0) {
            throw new IOException(Posix.message((int) -result));
        }
        return result;
    }
}
