package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The nodes of one object that one consistency point has changed, by number. Knows where each hangs, not what is in it.
 *
 * <p>A changed node has no address yet: the pointer to it, in its parent's page, holds {@code ~number} instead, which
 * is negative as no address is. Node 0 is the <i>anchor</i>: not a node of the object but a page whose pointer 0 is the
 * object's root pointer, so that the root needs no case of its own.
 */
final class DirtyNodes {
    static final int ANCHOR = 0;
    private static final int GONE = -1;

    private final PagePool pages;
    private int[] page = new int[16];
    private int[] parent = new int[16];
    private byte[] index = new byte[16];
    private byte[] level = new byte[16];
    private int count;
    private int live;

    DirtyNodes(PagePool pages) {
        this.pages = pages;
        create(ANCHOR, 0, 0);
        live = 0;
    }

    /** Numbers given out; some are gone. */
    int count() {
        return count;
    }

    /** Changed nodes, without the anchor. */
    int live() {
        return live;
    }

    boolean isLive(int node) {
        return page[node] != GONE;
    }

    int level(int node) {
        return level[node];
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

    /** A new node of holes that the pointer at {@code index} of {@code parent} names. */
    int create(int parent, int index, int level) {
        if (count == page.length) {
            grow();
        }
        int node = count++;
        page[node] = pages.takeZeroed();
        this.level[node] = (byte) level;
        hang(node, parent, index);
        live++;
        return node;
    }

    /** Hangs a node elsewhere: its pointer is to be at {@code index} of {@code parent}. */
    void hang(int node, int parent, int index) {
        Checks.that(
                node == ANCHOR || parent < node || level[parent] > level[node], "a node hangs below its parent", node);
        this.parent[node] = parent;
        this.index[node] = (byte) index;
    }

    /** Forgets a node; its page goes back. */
    void release(int node) {
        Checks.that(node != ANCHOR && isLive(node), "a changed node is released once", node);
        pages.give(page[node]);
        page[node] = GONE;
        live--;
    }

    /** Forgets everything, the anchor too. */
    void releaseAll() {
        for (int node = 0; node < count; node++) {
            if (isLive(node)) {
                pages.give(page[node]);
                page[node] = GONE;
            }
        }
        live = 0;
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

    private void grow() {
        page = Arrays.copyOf(page, 2 * count);
        parent = Arrays.copyOf(parent, 2 * count);
        index = Arrays.copyOf(index, 2 * count);
        level = Arrays.copyOf(level, 2 * count);
    }
}
