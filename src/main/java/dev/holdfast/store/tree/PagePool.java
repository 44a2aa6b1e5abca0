package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Pages of 4096 bytes outside the Java heap for nodes that are being changed, given out by number and used again. Not a
 * cache: it never takes a page back by itself.
 *
 * <p>Memory grows in chunks of 1 MiB up to the limit and is kept. One owner, no threads.
 */
public final class PagePool {
    private static final int PAGES_PER_CHUNK_BITS = 8;
    private static final int PAGES_PER_CHUNK = 1 << PAGES_PER_CHUNK_BITS;

    private static final ByteBuffer ZEROES =
            ByteBuffer.allocateDirect(Pointers.BLOCK_BYTES).asReadOnlyBuffer();

    private final int limitPages;
    private ByteBuffer[] chunks = new ByteBuffer[4];
    private int created;
    private int[] free = new int[PAGES_PER_CHUNK];
    private int freeCount;

    /** A pool of at most {@code limitPages} pages; asking for more is a broken invariant of the caller's planning. */
    public PagePool(int limitPages) {
        Checks.that(limitPages > 0, "a page pool has pages", limitPages);
        this.limitPages = limitPages;
    }

    /** A page, its bytes undefined. */
    public int take() {
        if (freeCount == 0) {
            grow();
        }
        return free[--freeCount];
    }

    /** A page of zeroes. */
    public int takeZeroed() {
        int page = take();
        bytes(page).put(offset(page), ZEROES, 0, Pointers.BLOCK_BYTES);
        return page;
    }

    /** Takes a page back. */
    public void give(int page) {
        Checks.that(page >= 0 && page < created, "the page is of this pool", page);
        Checks.that(freeCount < created, "a page is given back once", page);
        free[freeCount++] = page;
    }

    /** The little-endian buffer in which the page lies. */
    public ByteBuffer bytes(int page) {
        return chunks[page >>> PAGES_PER_CHUNK_BITS];
    }

    /** Where in {@link #bytes} the page begins. */
    public int offset(int page) {
        return (page & PAGES_PER_CHUNK - 1) * Pointers.BLOCK_BYTES;
    }

    /** Pages out now. */
    public int pagesTaken() {
        return created - freeCount;
    }

    /** Pages that may still be taken. */
    public int pagesLeft() {
        return limitPages - pagesTaken();
    }

    private void grow() {
        int fresh = Math.min(PAGES_PER_CHUNK, limitPages - created);
        Checks.that(fresh > 0, "tree pages stay within their limit", limitPages);
        int chunk = created / PAGES_PER_CHUNK;
        if (chunk == chunks.length) {
            chunks = Arrays.copyOf(chunks, 2 * chunk);
        }
        chunks[chunk] = ByteBuffer.allocateDirect(fresh * Pointers.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (free.length < created + fresh) {
            free = Arrays.copyOf(free, 2 * free.length);
        }
        for (int i = fresh - 1; i >= 0; i--) {
            free[freeCount++] = created + i;
        }
        created += fresh;
    }
}
