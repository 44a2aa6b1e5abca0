package dev.holdfast.store.cache;

import dev.holdfast.base.Checks;
import java.util.Arrays;

/**
 * Ranges of blocks that read as zeroes: ascending, disjoint, not adjacent. It knows nothing of blocks written later.
 */
final class ZeroRanges {
    private long[] firsts = new long[16];
    private long[] ends = new long[16];
    private int count;

    int count() {
        return count;
    }

    long first(int index) {
        return firsts[index];
    }

    long end(int index) {
        return ends[index];
    }

    /** Adds the blocks {@code first} .. {@code end - 1}. */
    void add(long first, long end) {
        Checks.that(0 <= first && first < end, "a range has blocks", first, end);
        int from = indexEndingAt(first);
        int to = from;
        long newFirst = first;
        long newEnd = end;
        while (to < count && firsts[to] <= end) {
            newFirst = Math.min(newFirst, firsts[to]);
            newEnd = Math.max(newEnd, ends[to]);
            to++;
        }
        replace(from, to);
        firsts[from] = newFirst;
        ends[from] = newEnd;
        Checks.that(from == 0 || ends[from - 1] < newFirst, "the range below is apart", newFirst);
        Checks.that(from + 1 == count || newEnd < firsts[from + 1], "the range above is apart", newEnd);
    }

    boolean contains(long block) {
        int index = indexEndingAt(block + 1);
        return index < count && firsts[index] <= block;
    }

    /** The first range that ends at or after {@code block}; {@link #count} if none does. */
    int indexEndingAt(long block) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = low + high >>> 1;
            if (ends[middle] < block) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Makes the ranges {@code from} .. {@code to - 1} one. */
    private void replace(int from, int to) {
        int grown = count - (to - from) + 1;
        if (grown > firsts.length) {
            firsts = Arrays.copyOf(firsts, 2 * grown);
            ends = Arrays.copyOf(ends, 2 * grown);
        }
        System.arraycopy(firsts, to, firsts, from + 1, count - to);
        System.arraycopy(ends, to, ends, from + 1, count - to);
        count = grown;
    }
}
