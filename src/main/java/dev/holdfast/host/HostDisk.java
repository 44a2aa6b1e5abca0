package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.host.DiskOperation.Kind;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An open file or block device. Reads that must wait, ordinary writes, flushes and discards run on a few threads of its
 * own, durable writes on one more. It keeps no data: what is cached is cached by the kernel or by callers.
 *
 * <p>A loop without sockets that asks for a single durable write in a turn makes it itself, at the turn's end: it has
 * nothing else to wait for, and two hand-offs would cost half of what the medium takes. Of several, as for a mirror,
 * none waits for another.
 *
 * <ol>
 *   <li>Every operation begun is told exactly once, on its loop, in a later turn: also when the disk closes meanwhile.
 *   <li>The file stays open while an operation is under way.
 *   <li>After a failed flush every later one fails: the kernel reports a lost write once and then forgets it.
 * </ol>
 */
final class HostDisk implements Disk {
    private static final long CLOSE_NANOS = 5_000_000_000L;
    private static final int KEPT_OPERATIONS = 1024;
    private static final int AT_ONCE_BYTES = 128 << 10;
    private static final List<String> FULL = messages(Posix.ENOSPC, Posix.EDQUOT);
    private static final List<String> GONE = messages(Posix.ENXIO, Posix.ENODEV);

    private final DiskFile file;
    private final Crew crew;
    private final Crew logger;
    private final ArrayDeque<DiskOperation> free = new ArrayDeque<>();
    private int underWay;
    private boolean closed;
    private boolean fileClosed;
    private volatile boolean flushFailed;
    private volatile @Nullable HostLoop blockedLoop;

    HostDisk(DiskFile file, int threads, Fatal fatal) {
        this.file = file;
        this.crew = new Crew("disk " + file.path(), threads, fatal);
        this.logger = new Crew("log " + file.path(), 1, fatal);
    }

    @Override
    public String path() {
        return file.path().toString();
    }

    @Override
    public long lengthBytes() {
        return file.lengthBytes();
    }

    @Override
    public void read(long offset, ByteBuffer into, Loop loop, DiskDone done, long token) {
        int length = into.remaining();
        checkRange(offset, length);
        DiskOperation operation =
                operation(loop, done, token).begin(Kind.READ, offset, length).with(into);
        if (length > AT_ONCE_BYTES || !readAtOnce(operation)) {
            start(crew, operation);
        }
    }

    @Override
    public void write(long offset, ByteBuffer from, Loop loop, DiskDone done, long token) {
        int length = from.remaining();
        checkRange(offset, length);
        start(
                crew,
                operation(loop, done, token).begin(Kind.WRITE, offset, length).with(from));
    }

    @Override
    public void writeDurable(long offset, ByteBuffer[] parts, int count, Loop loop, DiskDone done, long token) {
        Checks.that(count > 0 && count <= parts.length, "a durable write has parts", count, parts.length);
        long length = 0;
        for (int i = 0; i < count; i++) {
            Checks.that(isBlocks(parts[i].remaining()), "a part is blocks long", parts[i].remaining());
            Checks.that(DirectFile.isAligned(parts[i]), "a part is aligned in memory", i);
            length += parts[i].remaining();
        }
        checkRange(offset, length);
        DiskOperation operation = operation(loop, done, token).begin(Kind.WRITE_DURABLE, offset, length);
        operation.with(parts, count);
        HostLoop asking = HostNetwork.hostLoop(loop);
        if (length <= AT_ONCE_BYTES && asking.mayBlock() && enter()) {
            blockedLoop = asking;
            asking.blockAtEndOfTurn(operation);
        } else {
            start(logger, operation);
        }
    }

    @Override
    public void flush(Loop loop, DiskDone done, long token) {
        start(crew, operation(loop, done, token).begin(Kind.FLUSH, 0, 0));
    }

    @Override
    public void discard(long offset, long lengthBytes, Loop loop, DiskDone done, long token) {
        checkRange(offset, lengthBytes);
        start(crew, operation(loop, done, token).begin(Kind.DISCARD, offset, lengthBytes));
    }

    @Override
    public void close() {
        // Else this loop would wait for what it has itself put off to the end of its turn.
        HostLoop mayBeHere = blockedLoop;
        if (mayBeHere != null && mayBeHere.isCurrent()) {
            mayBeHere.handOverBlocking();
        }
        closeWhenIdle();
    }

    private synchronized void closeWhenIdle() {
        closed = true;
        long deadline = System.nanoTime() + CLOSE_NANOS;
        try {
            while (underWay > 0 && System.nanoTime() < deadline) {
                TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
        closeFileIfIdle();
    }

    /** Does the work of {@code operation}; on a thread that may block. */
    DiskOutcome execute(DiskOperation operation) {
        try {
            switch (operation.kind()) {
                case READ -> file.read(operation.offset(), operation.buffer());
                case WRITE -> file.write(operation.offset(), operation.buffer());
                case WRITE_DURABLE -> file.writeDurable(operation.offset(), operation.parts(), operation.partCount());
                case FLUSH -> flush();
                case DISCARD -> file.discard(operation.offset(), operation.lengthBytes());
            }
            return DiskOutcome.OK;
        } catch (IOException failed) {
            return outcomeOf(failed);
        } finally {
            leave();
        }
    }

    private void flush() throws IOException {
        if (flushFailed) {
            throw new IOException("an earlier flush of this disk has failed");
        }
        try {
            file.flush();
        } catch (IOException failed) {
            flushFailed = true;
            throw failed;
        }
    }

    /** Has a durable write done by the disk's thread after all. */
    void handOver(DiskOperation operation) {
        logger.run(operation);
    }

    /** Takes back an operation that has been told. */
    synchronized void recycle(DiskOperation operation) {
        if (free.size() < KEPT_OPERATIONS) {
            free.add(operation);
        }
    }

    private synchronized DiskOperation operation(Loop loop, DiskDone done, long token) {
        DiskOperation kept = free.pollLast();
        DiskOperation operation = kept == null ? new DiskOperation(this, loop) : kept;
        return operation.tells(loop, done, token);
    }

    /** What the kernel has in memory is copied by the caller: handing it over would cost more than the copy. */
    private boolean readAtOnce(DiskOperation operation) {
        if (!enter()) {
            return false;
        }
        boolean read = file.readWithoutWaiting(operation.offset(), operation.buffer());
        leave();
        if (read) {
            operation.end(DiskOutcome.OK);
        }
        return read;
    }

    private void start(Crew where, DiskOperation operation) {
        if (!enter()) {
            operation.end(DiskOutcome.GONE);
        } else {
            where.run(operation);
        }
    }

    private synchronized boolean enter() {
        if (closed) {
            return false;
        }
        underWay++;
        return true;
    }

    private synchronized void leave() {
        underWay--;
        Checks.that(underWay >= 0, "an operation leaves once", underWay);
        if (closed && underWay == 0) {
            notifyAll();
            closeFileIfIdle();
        }
    }

    private void closeFileIfIdle() {
        if (underWay > 0 || fileClosed) {
            return;
        }
        fileClosed = true;
        crew.close();
        logger.close();
        try {
            file.close();
        } catch (IOException failed) {
            flushFailed = true;
        }
    }

    private void checkRange(long offset, long length) {
        Checks.that(isBlocks(offset) && isBlocks(length) && length > 0, "whole blocks are asked for", offset, length);
        Checks.that(offset <= file.lengthBytes() - length, "the range is on the disk", offset, length);
    }

    private static boolean isBlocks(long bytes) {
        return bytes >= 0 && bytes % BLOCK_BYTES == 0;
    }

    /**
     * What a failed call of the JDK means. The JDK passes on the C library's words and no numbers, so the same library
     * is asked for its words once.
     */
    private static DiskOutcome outcomeOf(IOException failed) {
        if (failed instanceof ClosedChannelException) {
            return DiskOutcome.GONE;
        }
        String message = String.valueOf(failed.getMessage());
        if (FULL.stream().anyMatch(message::contains)) {
            return DiskOutcome.FULL;
        }
        return GONE.stream().anyMatch(message::contains) ? DiskOutcome.GONE : DiskOutcome.MEDIA_ERROR;
    }

    private static List<String> messages(int... errors) {
        return Arrays.stream(errors).mapToObj(Posix::message).toList();
    }
}
