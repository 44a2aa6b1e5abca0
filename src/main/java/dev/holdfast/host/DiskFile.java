package dev.holdfast.host;

import dev.holdfast.host.Posix.IoVector;
import dev.holdfast.io.Disk;
import dev.holdfast.io.WorldException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The blocking calls on one disk's file. It knows no loops and no order: any thread may call anything, and a call ends
 * when the kernel says so.
 *
 * <p>Two ways lead to the same bytes. Reads and small writes go through the page cache. Writes of 64 KiB and more that
 * are aligned in memory go around it: 4 GiB in 1 MiB writes cost 0.56 s of processor time instead of 1.73 s, at the
 * same speed. Durable writes go around it too, and wait for the medium. The kernel keeps both ways coherent: a write
 * around the page cache first writes back and then drops what the cache holds of its range.
 *
 * <p>Positions of buffers move while a call uses them and are put back before it ends.
 */
final class DiskFile {
    /** From here on a write goes around the page cache; for 4 KiB that would cost three times the processor time. */
    private static final int DIRECT_BYTES = 64 << 10;

    private final FileClaim claim;
    private final long lengthBytes;
    private final FileChannel cached;
    private final Optional<DirectFile> direct;
    private volatile boolean canReadWithoutWaiting = true;

    private DiskFile(FileClaim claim, long lengthBytes, FileChannel cached, Optional<DirectFile> direct) {
        this.claim = claim;
        this.lengthBytes = lengthBytes;
        this.cached = cached;
        this.direct = direct;
    }

    /** Opens both ways to a claimed file; the claim is closed with it. */
    static DiskFile open(FileClaim claim) throws WorldException {
        try {
            FileChannel cached = FileChannel.open(claim.path(), StandardOpenOption.READ, StandardOpenOption.WRITE);
            long fileBytes = cached.size();
            if (fileBytes < Disk.BLOCK_BYTES) {
                cached.close();
                throw new WorldException(claim.path() + " is too short for a disk: " + fileBytes + " bytes");
            }
            long lengthBytes = fileBytes / Disk.BLOCK_BYTES * Disk.BLOCK_BYTES;
            return new DiskFile(claim, lengthBytes, cached, DirectFile.open(claim.path()));
        } catch (IOException failed) {
            throw new WorldException("can't open " + claim.path() + ": " + failed.getMessage(), failed);
        }
    }

    Path path() {
        return claim.path();
    }

    long lengthBytes() {
        return lengthBytes;
    }

    void read(long offset, ByteBuffer into) throws IOException {
        int start = into.position();
        try {
            for (long at = offset; into.hasRemaining(); ) {
                int count = cached.read(into, at);
                if (count <= 0) {
                    throw new EOFException("the file ends before " + at);
                }
                at += count;
            }
        } finally {
            into.position(start);
        }
    }

    /** Reads if the kernel has every byte in memory; false if it has not, and then nothing is promised. */
    boolean readWithoutWaiting(long offset, ByteBuffer into) {
        if (!canReadWithoutWaiting || !into.isDirect()) {
            return false;
        }
        IoVector vector = Posix.vector();
        vector.put(0, DirectFile.addressOf(into), into.remaining());
        long read = Posix.read(claim.fd(), vector, 1, offset, Posix.READ_NOWAIT);
        Reference.reachabilityFence(into);
        if (read == -Posix.EOPNOTSUPP) {
            canReadWithoutWaiting = false;
        }
        return read == into.remaining();
    }

    void write(long offset, ByteBuffer from) throws IOException {
        if (direct.isPresent() && from.remaining() >= DIRECT_BYTES && DirectFile.isAligned(from)) {
            direct.get().write(offset, from);
        } else {
            writeCached(offset, from);
        }
    }

    /** Durable when it returns. */
    void writeDurable(long offset, ByteBuffer[] parts, int count) throws IOException {
        if (direct.isPresent()) {
            direct.get().writeDurable(offset, parts, count);
            return;
        }
        long at = offset;
        for (int i = 0; i < count; i++) {
            writeCached(at, parts[i]);
            at += parts[i].remaining();
        }
        cached.force(false);
    }

    void flush() throws IOException {
        cached.force(false);
    }

    /** Gives the blocks of a range back, where the file system can; nothing is promised, so nothing can fail. */
    void discard(long offset, long length) {
        Posix.punchHole(claim.fd(), offset, length);
    }

    void close() throws IOException {
        try (FileClaim released = claim) {
            direct.ifPresent(DirectFile::close);
            cached.close();
        }
    }

    private void writeCached(long offset, ByteBuffer from) throws IOException {
        ByteBuffer left = from.duplicate();
        for (long at = offset; left.hasRemaining(); ) {
            at += cached.write(left, at);
        }
    }
}
