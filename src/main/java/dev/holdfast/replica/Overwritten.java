package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.log.EntryKind;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Which writes of a run of changes later changes of the same run overwrite whole: who gets all of the run may do
 * without their bytes. It looks at no byte, and at each change once.
 *
 * <ol>
 *   <li>A write is overwritten if each block that it touches is written, trimmed or zeroed whole by later changes.
 *   <li>What may look at the state between two changes (a snapshot, another size) ends that: nothing before it is
 *       overwritten by what is after it.
 * </ol>
 */
final class Overwritten {
    /** Changes of one run at most, so that clients do not wait for long. */
    static final int MOST = 1 << 15;

    private static final int BLOCK_BYTES = 4096;
    private static final int MOST_BLOCKS_OF_ONE = 4096;
    private static final int LEAST_TABLE = 1024;
    private static final long EMPTY = -1;

    private final long first;
    private final long last;
    private final BitSet overwritten = new BitSet();
    private long[] table = emptyTable(LEAST_TABLE);
    private int used;

    /** Looks at changes {@code first} to {@code last}, or fewer, which are kept by {@code shard}. */
    Overwritten(ReplicaShard shard, long first, long last) {
        Checks.that(first >= shard.firstKeptSeq() && last <= shard.heldSeq(), "what is looked at is kept", first, last);
        this.first = first;
        this.last = Math.min(last, first + MOST - 1);
        for (long seq = this.last; seq >= first; seq--) {
            shard.read(seq, this::look);
        }
        table = new long[0];
    }

    private static long[] emptyTable(int length) {
        long[] made = new long[length];
        Arrays.fill(made, EMPTY);
        return made;
    }

    /** Whether it says something of change {@code seq}. */
    boolean knows(long seq) {
        return seq >= first && seq <= last;
    }

    /** Whether change {@code seq} is overwritten, as far as it knows. */
    boolean has(long seq) {
        return knows(seq) && overwritten.get((int) (seq - first));
    }

    private void look(
            int epoch,
            long seq,
            EntryKind kind,
            int flags,
            long offset,
            long lengthBytes,
            ByteBuffer payload,
            int checksum) {
        switch (kind) {
            case WRITE -> {
                if (isCovered(offset, lengthBytes)) {
                    overwritten.set((int) (seq - first));
                } else {
                    cover(offset, lengthBytes);
                }
            }
            case TRIM, ZEROES -> {
                if (lengthBytes / BLOCK_BYTES <= MOST_BLOCKS_OF_ONE) {
                    cover(offset, lengthBytes);
                }
            }
            default -> {
                table = emptyTable(LEAST_TABLE);
                used = 0;
            }
        }
    }

    private boolean isCovered(long offset, long lengthBytes) {
        long end = Math.ceilDiv(offset + lengthBytes, BLOCK_BYTES);
        for (long block = offset / BLOCK_BYTES; block < end; block++) {
            if (table[place(block)] != block) {
                return false;
            }
        }
        return true;
    }

    private void cover(long offset, long lengthBytes) {
        boolean partsToo = Mutant.on("replica.skip-what-is-overwritten-in-part");
        long begin = partsToo ? offset / BLOCK_BYTES : Math.ceilDiv(offset, BLOCK_BYTES);
        long end = (offset + lengthBytes) / BLOCK_BYTES;
        for (long block = begin; block < end; block++) {
            int place = place(block);
            if (table[place] != block) {
                table[place] = block;
                used++;
                if (2 * used > table.length) {
                    grow();
                }
            }
        }
    }

    /** Where the block is, or would be. */
    private int place(long block) {
        int mask = table.length - 1;
        int place = (int) (block * 0x9E3779B97F4A7C15L >>> 40) & mask;
        while (table[place] != EMPTY && table[place] != block) {
            place = (place + 1) & mask;
        }
        return place;
    }

    private void grow() {
        long[] before = table;
        table = emptyTable(2 * before.length);
        for (long block : before) {
            if (block != EMPTY) {
                table[place(block)] = block;
            }
        }
    }
}
