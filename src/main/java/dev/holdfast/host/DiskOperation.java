package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * One operation of a {@link HostDisk}, used again and again: it runs once on a thread that may block, and once more on
 * the loop that is told how it ended. It does no I/O itself.
 */
final class DiskOperation implements Runnable, HostLoop.Blocking {
    /** What is to be done. */
    enum Kind {
        READ,
        WRITE,
        WRITE_DURABLE,
        FLUSH,
        DISCARD
    }

    private static final DiskDone NOBODY = (token, outcome) -> {};
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private final HostDisk disk;
    private Kind kind = Kind.FLUSH;
    private long offset;
    private long lengthBytes;
    private ByteBuffer buffer = NOTHING;
    private ByteBuffer[] parts = new ByteBuffer[8];
    private int partCount;
    private Loop loop;
    private DiskDone done = NOBODY;
    private long token;
    private boolean ended;
    private DiskOutcome outcome = DiskOutcome.GONE;

    DiskOperation(HostDisk disk, Loop loop) {
        this.disk = disk;
        this.loop = loop;
    }

    /** Starts over as another operation; buffers follow with {@code with}. */
    DiskOperation begin(Kind what, long at, long length) {
        kind = what;
        offset = at;
        lengthBytes = length;
        ended = false;
        return this;
    }

    /** Who is told how it ends. */
    DiskOperation tells(Loop toldLoop, DiskDone told, long toldToken) {
        loop = toldLoop;
        done = told;
        token = toldToken;
        return this;
    }

    DiskOperation with(ByteBuffer bytes) {
        buffer = bytes;
        return this;
    }

    /** Takes the first {@code count} parts; the caller's array is its own again. */
    DiskOperation with(ByteBuffer[] from, int count) {
        if (parts.length < count) {
            parts = new ByteBuffer[count];
        }
        System.arraycopy(from, 0, parts, 0, count);
        partCount = count;
        return this;
    }

    Kind kind() {
        return kind;
    }

    long offset() {
        return offset;
    }

    long lengthBytes() {
        return lengthBytes;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    ByteBuffer[] parts() {
        return parts;
    }

    int partCount() {
        return partCount;
    }

    @Override
    public void run() {
        if (ended) {
            tell();
            return;
        }
        end(disk.execute(this));
    }

    @Override
    public void makeHere() {
        run();
    }

    @Override
    public void handOver() {
        disk.handOver(this);
    }

    /** Ends without having run, or after it. */
    void end(DiskOutcome how) {
        outcome = how;
        ended = true;
        loop.post(this);
    }

    private void tell() {
        Checks.that(loop.isCurrent(), "an operation ends on the loop it named");
        DiskDone told = done;
        long toldToken = token;
        DiskOutcome toldOutcome = outcome;
        done = NOBODY;
        buffer = NOTHING;
        Arrays.fill(parts, 0, partCount, NOTHING);
        partCount = 0;
        disk.recycle(this);
        told.done(toldToken, toldOutcome);
    }
}
