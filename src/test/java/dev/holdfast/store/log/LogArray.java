package dev.holdfast.store.log;

import dev.holdfast.array.Array;
import dev.holdfast.array.ArrayDone;
import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.array.BlockRead;
import dev.holdfast.array.MemberHealth;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.TreeSet;

/** The log region of an array in memory, one byte array per member, with reads that fail where the test says. */
public final class LogArray implements Array {
    final byte[][] members;
    final TreeSet<Long> badPages = new TreeSet<>();
    final boolean[] gone;
    public long bytesRead;
    private final int logBytes;

    /** Zeroes. */
    public LogArray(int logBytes, int copies) {
        this.logBytes = logBytes;
        members = new byte[copies][logBytes];
        gone = new boolean[copies];
    }

    /** An array of copies of images. */
    static LogArray of(byte[]... images) {
        LogArray array = new LogArray(images[0].length, images.length);
        for (int i = 0; i < images.length; i++) {
            array.members[i] = images[i].clone();
        }
        return array;
    }

    /** Reads of this page of this member fail from now on. */
    void fail(int member, long offset) {
        badPages.add(key(member, offset));
    }

    private static long key(int member, long offset) {
        return ((long) member << 40) + offset / 4096;
    }

    @Override
    public long logBytes() {
        return logBytes;
    }

    @Override
    public long members() {
        return (1L << members.length) - 1;
    }

    @Override
    public int slots() {
        return members.length;
    }

    @Override
    public void writeLog(long offset, ByteBuffer[] parts, int count, Loop loop, ArrayDone done, long token) {
        int at = (int) offset;
        for (int i = 0; i < count; i++) {
            int length = parts[i].remaining();
            if (length == 0 || length % 4096 != 0 || parts[i].alignmentOffset(parts[i].position(), 4096) != 0) {
                throw new AssertionError("part " + i + " is not whole aligned pages: " + parts[i]);
            }
            for (byte[] member : members) {
                parts[i].get(parts[i].position(), member, at, length);
            }
            at += length;
        }
        loop.post(() -> done.done(token, ArrayOutcome.OK));
    }

    @Override
    public void readLog(int slot, long offset, ByteBuffer into, Loop loop, DiskDone done, long token) {
        int length = into.remaining();
        boolean aligned = into.isDirect() && into.alignmentOffset(into.position(), 4096) == 0;
        if (!aligned || length % 4096 != 0 || offset % 4096 != 0 || offset + length > logBytes) {
            throw new AssertionError("a read of " + into + " at " + offset);
        }
        DiskOutcome outcome = gone[slot] ? DiskOutcome.GONE : DiskOutcome.OK;
        for (long at = offset; at < offset + length && outcome == DiskOutcome.OK; at += 4096) {
            outcome = badPages.contains(key(slot, at)) ? DiskOutcome.MEDIA_ERROR : DiskOutcome.OK;
        }
        DiskOutcome ended = outcome;
        bytesRead += length;
        into.put(into.position(), members[slot], (int) offset, ended == DiskOutcome.OK ? length : length / 2);
        loop.post(() -> done.done(token, ended));
    }

    @Override
    public long dataBlocks() {
        throw unused();
    }

    @Override
    public void read(BlockRead read) {
        throw unused();
    }

    @Override
    public void write(long address, ByteBuffer blocks, Loop loop, ArrayDone done, long token) {
        throw unused();
    }

    @Override
    public void repair(long address, ByteBuffer good, long copies, Loop loop, ArrayDone done, long token) {
        throw unused();
    }

    @Override
    public void flush(Loop loop, ArrayDone done, long token) {
        throw unused();
    }

    @Override
    public void writeRoot(int slot, ByteBuffer root, Loop loop, ArrayDone done, long token) {
        throw unused();
    }

    @Override
    public void readRoots(int slot, ByteBuffer into, Loop loop, DiskDone done, long token) {
        throw unused();
    }

    @Override
    public void discard(long address, long blocks, Loop loop, ArrayDone done, long token) {
        throw unused();
    }

    @Override
    public List<MemberHealth> health() {
        throw unused();
    }

    @Override
    public void close() {}

    private static AssertionError unused() {
        return new AssertionError("the log uses the log region only");
    }
}
