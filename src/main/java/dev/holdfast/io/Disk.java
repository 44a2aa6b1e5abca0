package dev.holdfast.io;

import java.nio.ByteBuffer;

/**
 * One open disk: a block device or a file that stands for one. It knows nothing of labels, pools or protection.
 *
 * <p>What may be trusted (the weakest promise of any disk):
 *
 * <ul>
 *   <li>A completed {@link #write} is seen by later reads. After a power cut it may be there, absent, or torn at any
 *       512-byte boundary, independent of every other write, until a {@link #flush} that was <em>issued after it
 *       completed</em> has completed.
 *   <li>A completed {@link #writeDurable} is itself on stable storage; it says nothing of other writes. While it is
 *       under way it may tear like any write.
 *   <li>A write that was under way when the power went may leave any mixture of old and new 512-byte units in its
 *       own range, and touches nothing outside it. A process that dies leaves its issued writes done or not done.
 *   <li>After a failed flush nothing is known of the writes before it; a repeated flush that succeeds proves
 *       nothing. The caller must give the disk up.
 *   <li>Reads may return rotten, stale or misplaced bytes with outcome OK: callers check checksums.
 *   <li>Operations may complete in any order; two that overlap while both are under way have no order.
 * </ul>
 *
 * <p>Offsets and lengths are multiples of 4096. Buffers are direct, 4096-aligned where the method says so; the bytes
 * between position and limit are used, positions are not changed, and the buffer belongs to the disk until completion.
 * Of a disk that does not answer whoever gives it up for good may use a write's buffer before: what then comes to stand
 * in the write's range nobody knows. A write does not move positions even for a moment: one buffer may be on its way to
 * several disks. Completion comes on {@code loop}, never inside the call. May be called from any loop.
 */
public interface Disk extends AutoCloseable {
    /** What every offset, length and address is a multiple of, in bytes. */
    int BLOCK_BYTES = 4096;

    /** The path or name this disk was opened by, for people. */
    String path();

    /** Usable length in bytes, a multiple of {@link #BLOCK_BYTES}. */
    long lengthBytes();

    /** Reads {@code into.remaining()} bytes. */
    void read(long offset, ByteBuffer into, Loop loop, DiskDone done, long token);

    /** Writes {@code from.remaining()} bytes; not durable before a later flush. */
    void write(long offset, ByteBuffer from, Loop loop, DiskDone done, long token);

    /**
     * Writes the first {@code count} of {@code parts} one after another from {@code offset} on, durable on completion.
     * Parts are 4096-aligned in memory and multiples of 4096 long.
     */
    void writeDurable(long offset, ByteBuffer[] parts, int count, Loop loop, DiskDone done, long token);

    /** Makes every write that completed before this call durable. */
    void flush(Loop loop, DiskDone done, long token);

    /** Gives the range back to whoever holds it (hole punch, discard). A hint: the range then reads as anything. */
    void discard(long offset, long lengthBytes, Loop loop, DiskDone done, long token);

    /** Stops using the disk and releases its lock. Operations under way complete first or fail. */
    @Override
    void close();
}
