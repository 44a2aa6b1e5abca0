package dev.holdfast.store.cache;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Pages of 4096 bytes for dirty bytes that do not lie in the memory log as whole blocks, each with a bit per byte that
 * says which it holds. It does not know whose they are, and never takes one back by itself.
 *
 * <p>One owner takes, changes and gives back. Another loop may read a page, and the bits of it, that it was told of by
 * message and that nobody changes meanwhile: nothing that such a reader touches ever moves.
 */
public final class MergePages {
    /** Bytes of a page. */
    public static final int PAGE_BYTES = 4096;

    private static final int CHUNK_BITS = 8;
    private static final int CHUNK_PAGES = 1 << CHUNK_BITS;
    private static final int WORDS = PAGE_BYTES / Long.SIZE;

    private final ByteBuffer[] chunks;
    private final long[][] held;
    private int chunkCount;
    private int[] free = new int[CHUNK_PAGES];
    private int freeCount;

    /** At most {@code limitPages}, which only bounds the address space: callers keep their own, lower limit. */
    public MergePages(int limitPages) {
        Checks.that(limitPages > 0, "there are pages to give", limitPages);
        int limit = (limitPages + CHUNK_PAGES - 1) / CHUNK_PAGES;
        chunks = new ByteBuffer[limit];
        held = new long[limit][];
    }

    /** A page that holds no byte. */
    public int take() {
        if (freeCount == 0) {
            grow();
        }
        int page = free[--freeCount];
        int at = word(page);
        Arrays.fill(held[page >>> CHUNK_BITS], at, at + WORDS, 0);
        return page;
    }

    /** Takes a page back. */
    public void give(int page) {
        Checks.that(page >= 0 && page >>> CHUNK_BITS < chunkCount, "the page is of this pool", page);
        Checks.that(freeCount < chunkCount * CHUNK_PAGES, "a page is given back once", page);
        free[freeCount++] = page;
    }

    /** The buffer the page lies in; position and limit mean nothing. */
    public ByteBuffer bytes(int page) {
        return chunks[page >>> CHUNK_BITS];
    }

    /** Where in {@link #bytes} the page begins. */
    public int offset(int page) {
        return (page & CHUNK_PAGES - 1) * PAGE_BYTES;
    }

    /** Pages out now. */
    public int pagesTaken() {
        return chunkCount * CHUNK_PAGES - freeCount;
    }

    /** The page holds its bytes {@code from} .. {@code to - 1} now. */
    public void hold(int page, int from, int to) {
        Checks.that(0 <= from && from < to && to <= PAGE_BYTES, "the range lies in the page", from, to);
        long[] words = held[page >>> CHUNK_BITS];
        int base = word(page);
        for (int at = from; at < to; ) {
            int end = Math.min(to, (at | Long.SIZE - 1) + 1);
            words[base + (at >>> 6)] |= mask(at, end);
            at = end;
        }
    }

    /** Whether the page holds all of the bytes {@code from} .. {@code to - 1}. */
    public boolean holds(int page, int from, int to) {
        return nextAbsent(page, from, to) == to;
    }

    /**
     * Puts those of the bytes {@code from} .. {@code to - 1} that the page holds into {@code into}, the first at {@code
     * at}.
     */
    public void overlay(int page, int from, int to, ByteBuffer into, int at) {
        int start = nextHeld(page, from, to);
        while (start < to) {
            int end = nextAbsent(page, start, to);
            into.put(at + start - from, bytes(page), offset(page) + start, end - start);
            start = nextHeld(page, end, to);
        }
    }

    private int nextHeld(int page, int from, int to) {
        return next(page, from, to, 0);
    }

    private int nextAbsent(int page, int from, int to) {
        return next(page, from, to, -1);
    }

    /** First byte from {@code from} on whose bit differs from those of {@code same}, at most {@code to}. */
    private int next(int page, int from, int to, long same) {
        long[] words = held[page >>> CHUNK_BITS];
        int base = word(page);
        for (int at = from; at < to; at = (at | Long.SIZE - 1) + 1) {
            long differ = (words[base + (at >>> 6)] ^ same) & -1L << at;
            if (differ != 0) {
                return Math.min(to, (at & -Long.SIZE) + Long.numberOfTrailingZeros(differ));
            }
        }
        return to;
    }

    private static int word(int page) {
        return (page & CHUNK_PAGES - 1) * WORDS;
    }

    /** Bits of {@code from} .. {@code end - 1}, which lie in one word. */
    private static long mask(int from, int end) {
        return -1L << from & -1L >>> -end;
    }

    private void grow() {
        Checks.that(chunkCount < chunks.length, "merge pages stay within their limit", chunks.length);
        chunks[chunkCount] = ByteBuffer.allocateDirect(CHUNK_PAGES * PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        held[chunkCount] = new long[CHUNK_PAGES * WORDS];
        int first = chunkCount++ * CHUNK_PAGES;
        if (free.length < chunkCount * CHUNK_PAGES) {
            free = Arrays.copyOf(free, 2 * free.length);
        }
        for (int i = CHUNK_PAGES - 1; i >= 0; i--) {
            free[freeCount++] = first + i;
        }
    }
}
