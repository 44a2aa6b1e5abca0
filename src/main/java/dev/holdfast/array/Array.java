package dev.holdfast.array;

import dev.holdfast.io.DiskDone;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The devices of one pool as one thing: data blocks by address, a log region, a root ring. It knows which copies are
 * good and nothing of what the blocks mean.
 *
 * <p>Reads may be asked for from any loop. Everything that changes the array comes from one loop, the pool's committer.
 * Buffers as in {@link dev.holdfast.io.Disk}. Completions come on the loop given, never inside the call.
 *
 * <ul>
 *   <li><b>R1</b> A write, flush, log write or root write that ends OK is done on every present member.
 *   <li><b>R2</b> MEMBER_LOST: done on every member still present; at least one was taken out since the last answer, or
 *       since this operation began (one loss may be told more than once: compare {@link #members}). Before
 *       <em>anything</em> is acknowledged from then on, the caller makes the newest root durable with generation + 1.
 *       A member taken out is never written or read again in this life.
 *   <li><b>R3</b> FAILED: nothing can be promised; the pool must stop taking changes. NO_SPACE: the host file system
 *       under a member is full; members stay, the operation may be tried again later.
 *   <li><b>R4</b> A flush covers every write that completed before it was asked for, on all members.
 * </ul>
 */
public interface Array extends AutoCloseable {
    /** Blocks of 4096 bytes in the data area; addresses are 1 .. dataBlocks - 1 (0 is never used). */
    long dataBlocks();

    /** Length of the log region in bytes, a multiple of 4096. */
    long logBytes();

    /** Bit i is set when the member in slot i is present and holds everything written. */
    long members();

    /** Bits that may come back into {@link #members} after a rebuild; the highest slot plus one is the width. */
    int slots();

    /** Reads blocks and verifies each; see {@link BlockRead}. From any loop. */
    void read(BlockRead read);

    /** Writes whole blocks at consecutive addresses; not durable before a flush. */
    void write(long address, ByteBuffer blocks, Loop loop, ArrayDone done, long token);

    /** Overwrites one block with the same bytes where {@code copies} (bits of slots) had it wrong. */
    void repair(long address, ByteBuffer good, long copies, Loop loop, ArrayDone done, long token);

    /** R4. */
    void flush(Loop loop, ArrayDone done, long token);

    /** Writes parts one after another into the log region at {@code offset}, durable on every member when done. */
    void writeLog(long offset, ByteBuffer[] parts, int count, Loop loop, ArrayDone done, long token);

    /** Reads the log region as member {@code slot} has it, unverified. */
    void readLog(int slot, long offset, ByteBuffer into, Loop loop, DiskDone done, long token);

    /** Writes the 4096 bytes of {@code root} into ring slot {@code slot} (0..127), durable on all members when done. */
    void writeRoot(int slot, ByteBuffer root, Loop loop, ArrayDone done, long token);

    /** Reads member {@code slot}'s whole root ring (128 x 4096 bytes), unverified. */
    void readRoots(int slot, ByteBuffer into, Loop loop, DiskDone done, long token);

    /**
     * Gives blocks back to the host where that is possible: a hint, always OK. What they hold is undefined afterwards,
     * and they may be written again only when it has ended.
     */
    void discard(long address, long blocks, Loop loop, ArrayDone done, long token);

    /** One line per member, for people: path, state, since when and why, error counts. */
    List<MemberHealth> health();

    /** Stops using the devices; operations under way complete first or fail. */
    @Override
    void close();
}
