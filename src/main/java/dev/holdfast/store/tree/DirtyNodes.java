package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The nodes of one object that one consistency point has changed, by number. Knows where each hangs, and not
 * what is in it.
 *
 * <p>A changed node has no address yet: the pointer to it, in its parent's page, holds {@code ~number}, which is
 * negative as no address is. Node 0 is the <i>anchor</i>: not a node of the object but a page whose pointer 0 is the
 * object's root pointer, so that the root needs no case of its own. Numbers are used again.
 */
final class DirtyNodes {
    static final int ANCHOR = 0;
    private static final int GONE = -1;

    private final PagePool pages;
    private int[] page = new int[16];
    private int[] parent = new int[16];
    private byte[] index = new byte[16];
    private byte[] level = new byte[16];
    private long[] first = new long[16];
    private int[] unused = new int[16];
    private int unusedCount;
    private int count;

    DirtyNodes(PagePool pages) {
        this.pages = pages;
        page[ANCHOR] = pages.takeZeroed();
        count = 1;
    }

    /** Every number is below this. */
    int limit() {
        return count;
    }

    /** Changed nodes, without the anchor. */
    int live() {
        return count - 1 - unusedCount;
    }

    boolean isLive(int node) {
        return page[node] != GONE;
    }

    int level(int node) {
        return level[node];
    }

    /** First block of the object beneath a node. */
    long first(int node) {
        return first[node];
    }

    int parent(int node) {
        return parent[node];
    }

    ByteBuffer bytes(int node) {
        return pages.bytes(page[node]);
    }

    /** Where in {@link #bytes} the node begins. */
    int offset(int node) {
        return pages.offset(page[node]);
    }

    /** Where in the bytes of its parent the pointer to the node lies. */
    int offsetInParent(int node) {
        return offset(parent[node]) + index[node] * Pointers.SIZE;
    }

    /** A new node of holes, on the way to {@code block}, to be hung beneath {@code parent}. */
    int createEmpty(int parent, int level, long block) {
        return place(pages.takeZeroed(), parent, level, block);
    }

    /** A new node with the given content, on the way to {@code block}, to be hung beneath {@code parent}. */
    int createCopy(int parent, int level, long block, ByteBuffer bytes, int offset) {
        int taken = pages.take();
        pages.bytes(taken).put(pages.offset(taken), bytes, offset, Pointers.BLOCK_BYTES);
        return place(taken, parent, level, block);
    }

    /** Hangs a node elsewhere: its pointer is to be pointer 0 of {@code parent}. */
    void hangFirst(int node, int newParent) {
        Checks.that(first[node] == 0 && level[newParent] == level[node] + 1, "the tree grows at its top", node);
        parent[node] = newParent;
        index[node] = 0;
    }

    /** Forgets a node; its page goes back. */
    void release(int node) {
        Checks.that(node != ANCHOR && isLive(node), "a changed node is released once", node);
        pages.give(page[node]);
        page[node] = GONE;
        if (unusedCount == unused.length) {
            unused = Arrays.copyOf(unused, 2 * unusedCount);
        }
        unused[unusedCount++] = node;
    }

    /** Forgets everything, the anchor too. */
    void releaseAll() {
        for (int node = 0; node < count; node++) {
            if (isLive(node)) {
                pages.give(page[node]);
                page[node] = GONE;
            }
        }
        count = 1;
        unusedCount = 0;
    }

    static boolean isReference(long address) {
        return address < 0;
    }

    static long reference(int node) {
        return ~(long) node;
    }

    static int referred(long address) {
        return (int) ~address;
    }

    private int place(int taken, int parent, int level, long block) {
        if (unusedCount == 0 && count == page.length) {
            grow();
        }
        int node = unusedCount > 0 ? unused[--unusedCount] : count++;
        long span = Pointers.span(level + 1);
        page[node] = taken;
        this.parent[node] = parent;
        this.level[node] = (byte) level;
        index[node] = (byte) (Pointers.offset(block, level + 1) / Pointers.SIZE);
        first[node] = block & -span;
        return node;
    }

    private void grow() {
        page = Arrays.copyOf(page, 2 * count);
        parent = Arrays.copyOf(parent, 2 * count);
        index = Arrays.copyOf(index, 2 * count);
        level = Arrays.copyOf(level, 2 * count);
        first = Arrays.copyOf(first, 2 * count);
    }
}
