package dev.holdfast.store.lane;

import dev.holdfast.array.Array;
import dev.holdfast.array.ArrayDone;
import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.array.BlockRead;
import dev.holdfast.array.MemberHealth;
import dev.holdfast.base.Crc32c;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.store.tree.NodeSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Blocks in memory behind the reading half of {@link Array}: late, in any order, verified, with rot where a test wants
 * it. As a node source everything is at hand. No log, no roots.
 */
final class MemoryArray implements Array, NodeSource {
    private final Crc32c crc = new Crc32c();
    private final SimRandom random;
    private final List<ByteBuffer> blocks = new ArrayList<>();
    final TreeSet<Long> rotten = new TreeSet<>();
    final TreeSet<Long> halfRotten = new TreeSet<>();
    long longestDelayNanos = 200_000;
    int readsOfBlocks;
    int reads;
    int longestRun;

    MemoryArray(SimRandom random) {
        this.random = random;
    }

    /** Puts a block there at once and answers its checksum. */
    int put(long address, ByteBuffer bytes, int offset) {
        while (blocks.size() <= address) {
            blocks.add(ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN));
        }
        blocks.get((int) address).put(0, bytes, offset, 4096);
        rotten.remove(address);
        halfRotten.remove(address);
        return crc.of(blocks.get((int) address), 0, 4096);
    }

    @Override
    public void read(BlockRead read) {
        reads++;
        readsOfBlocks += read.blocks;
        longestRun = Math.max(longestRun, read.blocks);
        read.loop.after(random.below(longestDelayNanos), () -> complete(read));
    }

    private void complete(BlockRead read) {
        read.bad = 0;
        read.repairable = 0;
        read.wrongCopies = 0;
        for (int i = 0; i < read.blocks; i++) {
            ByteBuffer block = blocks.get((int) read.address + i);
            read.into.put(read.into.position() + i * 4096, block, 0, 4096);
            boolean good = crc.of(block, 0, 4096) == read.checksums[i];
            if (!good || rotten.contains(read.address + i)) {
                read.bad |= 1L << i;
                read.into.put(read.into.position() + i * 4096, (byte) 77);
            } else if (halfRotten.contains(read.address + i)) {
                read.repairable |= 1L << i;
                read.wrongCopies |= 2;
            }
        }
        read.done.done(read);
    }

    @Override
    public long find(long address, long birth) {
        return address;
    }

    @Override
    public ByteBuffer bytes(long handle) {
        return blocks.get((int) handle);
    }

    @Override
    public int offset(long handle) {
        return 0;
    }

    @Override
    public long dataBlocks() {
        return Integer.MAX_VALUE;
    }

    @Override
    public long logBytes() {
        return 0;
    }

    @Override
    public long members() {
        return 1;
    }

    @Override
    public int slots() {
        return 1;
    }

    @Override
    public List<MemberHealth> health() {
        return List.of();
    }

    @Override
    public void discard(long address, long count, Loop loop, ArrayDone done, long token) {
        loop.post(() -> done.done(token, ArrayOutcome.OK));
    }

    @Override
    public void close() {}

    @Override
    public void write(long address, ByteBuffer from, Loop loop, ArrayDone done, long token) {
        loop.post(() -> done.done(token, ArrayOutcome.FAILED));
    }

    @Override
    public void repair(long address, ByteBuffer good, long copies, Loop loop, ArrayDone done, long token) {
        loop.post(() -> done.done(token, ArrayOutcome.FAILED));
    }

    @Override
    public void flush(Loop loop, ArrayDone done, long token) {
        loop.post(() -> done.done(token, ArrayOutcome.FAILED));
    }

    @Override
    public void writeLog(long offset, ByteBuffer[] parts, int count, Loop loop, ArrayDone done, long token) {
        loop.post(() -> done.done(token, ArrayOutcome.FAILED));
    }

    @Override
    public void readLog(int slot, long offset, ByteBuffer into, Loop loop, DiskDone done, long token) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeRoot(int slot, ByteBuffer root, Loop loop, ArrayDone done, long token) {
        loop.post(() -> done.done(token, ArrayOutcome.FAILED));
    }

    @Override
    public void readRoots(int slot, ByteBuffer into, Loop loop, DiskDone done, long token) {
        throw new UnsupportedOperationException();
    }
}
