package dev.holdfast.store.read;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.store.cache.BlockCache;
import dev.holdfast.store.cache.DirtyMap;
import dev.holdfast.store.tree.NodeSource;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Where the bytes of one range are at this moment, block by block; reused for every read of a lane. What it says is
 * good until the lane does anything else, so it is asked, copied from, and forgotten within one call.
 */
final class BlockSources {
    /** Most blocks that a range of {@link BlockVolume#MAX_TRANSFER_BYTES} touches. */
    static final int MAX_BLOCKS = BlockVolume.MAX_TRANSFER_BYTES / BlockCache.FRAME_BYTES + 1;

    private static final int BLOCK_BYTES = BlockCache.FRAME_BYTES;
    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(BLOCK_BYTES);

    private final PointerSlot pointer = new PointerSlot();
    private final ByteBuffer[] buffers = new ByteBuffer[MAX_BLOCKS];
    private final int[] offsets = new int[MAX_BLOCKS];

    /** How many of the newest maps hold some bytes over the block's source. */
    private final int[] overlays = new int[MAX_BLOCKS];

    private long offset;
    private int lengthBytes;
    private long firstBlock;
    private int blocks;
    private long lostBlock;
    private boolean isLostData;

    BlockSources() {
        Arrays.fill(buffers, ZEROES);
    }

    /** What became of {@link #resolve}. */
    enum Outcome {
        /** Every block is at hand. */
        ALL,
        /** Some block has to be read first. */
        MISSING,
        /** Some block can't be read at all: {@link #lostBlock}. */
        LOST
    }

    /** Told which blocks a range lacks. */
    interface Lacking {
        /** The block is not at hand; {@code node} says whether it is one of the tree. False if it can't be read. */
        boolean lacks(PointerSlot pointer, boolean node);
    }

    /**
     * Finds every block of a range. Allocates nothing.
     *
     * @param atHand nodes and data: a block cache or something in front of one
     */
    Outcome resolve(ReadView view, long from, int length, NodeSource atHand, Lacking lacking) {
        offset = from;
        lengthBytes = length;
        firstBlock = from / BLOCK_BYTES;
        blocks = (int) ((from + length - 1) / BLOCK_BYTES - firstBlock) + 1;
        Checks.that(length > 0 && blocks <= MAX_BLOCKS, "a range is at most the longest transfer", length);
        isLostData = false;
        Outcome outcome = Outcome.ALL;
        for (int i = 0; i < blocks; i++) {
            Outcome one = inMaps(view, i, atHand, lacking);
            if (one == Outcome.LOST) {
                lostBlock = firstBlock + i;
                return one;
            }
            if (one == Outcome.MISSING) {
                outcome = one;
            }
        }
        return outcome;
    }

    /** After LOST: the block. */
    long lostBlock() {
        return lostBlock;
    }

    /** After LOST: whether it has a checksum by which bytes for it can be proved. */
    boolean isLostData() {
        return isLostData;
    }

    /** After LOST of data: what a {@code shard} lacks. */
    LostBlock lostData(int shard) {
        Checks.that(isLostData, "a block whose pointer is there", lostBlock);
        return new LostBlock(shard, lostBlock, pointer.address(), pointer.birth(), pointer.checksum());
    }

    /** After ALL: puts the range into {@code into} at its position, which stays where it is. */
    void copyInto(ReadView view, ByteBuffer into) {
        int start = into.position();
        Checks.that(
                into.remaining() >= lengthBytes, "the reply has space for the range", into.remaining(), lengthBytes);
        for (int i = 0; i < blocks; ) {
            int end = neighbours(i);
            int at = start + (int) ((firstBlock + i) * BLOCK_BYTES + startIn(i) - offset);
            int length = (end - i - 1) * BLOCK_BYTES + endIn(end - 1) - startIn(i);
            into.put(at, buffers[i], offsets[i] + startIn(i), length);
            for (int map = overlays[i] - 1; map >= 0; map--) {
                overlay(view.map(map), i, into, at);
            }
            i = end;
        }
    }

    private void overlay(DirtyMap map, int index, ByteBuffer into, int at) {
        long block = firstBlock + index;
        if (map.look(block, startIn(index), endIn(index)) == DirtyMap.PARTLY) {
            map.overlay(block, startIn(index), endIn(index), into, at);
        }
    }

    /** The index after the blocks from {@code index} on that lie one after another in memory. */
    private int neighbours(int index) {
        int end = index + 1;
        while (overlays[index] == 0
                && end < blocks
                && overlays[end] == 0
                && same(buffers[end], buffers[end - 1])
                && offsets[end] == offsets[end - 1] + BLOCK_BYTES) {
            end++;
        }
        return end;
    }

    /** Two buffers with equal bytes are not neighbours: only the very same one will do. */
    private static boolean same(Object one, Object other) {
        return one == other;
    }

    private Outcome inMaps(ReadView view, int index, NodeSource atHand, Lacking lacking) {
        long block = firstBlock + index;
        overlays[index] = 0;
        for (int i = 0; i < view.maps(); i++) {
            DirtyMap map = view.map(i);
            int entry = map.look(block, startIn(index), endIn(index));
            if (entry >= 0) {
                return found(index, map.bytes(entry), map.offset(entry));
            }
            if (entry == DirtyMap.ZEROED) {
                return found(index, ZEROES, 0);
            }
            if (entry == DirtyMap.LOST) {
                return Outcome.LOST;
            }
            if (entry == DirtyMap.PARTLY && !Mutant.on("read.skip-overlay")) {
                overlays[index] = i + 1;
            }
        }
        return inTree(view, index, atHand, lacking);
    }

    private Outcome inTree(ReadView view, int index, NodeSource atHand, Lacking lacking) {
        switch (TreeReader.find(view.tree(), firstBlock + index, atHand, pointer)) {
            case HOLE:
                return found(index, ZEROES, 0);
            case UNREADABLE:
                return Outcome.LOST;
            case MISSING:
                return lacking.lacks(pointer, true) ? Outcome.MISSING : Outcome.LOST;
            case FOUND:
                break;
        }
        long handle = atHand.find(pointer.address(), pointer.birth());
        if (handle < 0) {
            isLostData = !lacking.lacks(pointer, false);
            return isLostData ? Outcome.LOST : Outcome.MISSING;
        }
        return found(index, atHand.bytes(handle), atHand.offset(handle));
    }

    private Outcome found(int index, ByteBuffer bytes, int at) {
        buffers[index] = bytes;
        offsets[index] = at;
        return Outcome.ALL;
    }

    private int startIn(int index) {
        return index == 0 ? (int) (offset % BLOCK_BYTES) : 0;
    }

    private int endIn(int index) {
        return index == blocks - 1 ? (int) ((offset + lengthBytes - 1) % BLOCK_BYTES) + 1 : BLOCK_BYTES;
    }
}
