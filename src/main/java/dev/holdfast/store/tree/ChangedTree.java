package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * One object's tree while it is being changed: old nodes where the node source has them, changed ones in pages. Makes
 * nodes changed; what is put into them is the business of {@link TreeUpdate} and {@link TreeHoles}.
 *
 * <p>The tree is <i>looked at</i> one node at a time: {@link #enter} makes the node that a pointer names the one whose
 * {@link #bytes} and {@link #offset} are shown, be it old or changed.
 */
final class ChangedTree {
    private final long cp;
    private final DirtyNodes dirty;
    private final NodeSource nodes;
    private final FreedSink freed;
    private final PointerSlot slot = new PointerSlot();
    private int height;
    private ByteBuffer bytes;
    private int offset;

    /** The first block that the last {@link #planOne} says nothing of. */
    private long planned;

    ChangedTree(ObjectRoot old, long cp, NodeSource nodes, PagePool pages, FreedSink freed) {
        Checks.that(
                cp > 0 && cp >= old.root().birth(),
                "births do not lie in the future",
                cp,
                old.root().birth());
        this.cp = cp;
        this.nodes = nodes;
        this.freed = freed;
        this.height = old.height();
        this.dirty = new DirtyNodes(pages);
        this.bytes = dirty.bytes(DirtyNodes.ANCHOR);
        this.offset = dirty.offset(DirtyNodes.ANCHOR);
        old.root().write(bytes, offset);
    }

    DirtyNodes dirty() {
        return dirty;
    }

    long cp() {
        return cp;
    }

    /** Present height; the anchor is at this level. */
    int height() {
        return height;
    }

    /** Blocks that the tree reaches now. */
    long capacity() {
        return ObjectRoot.capacity(height);
    }

    /** The buffer of the node looked at. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** Where in {@link #bytes} the node looked at begins. */
    int offset() {
        return offset;
    }

    /** Looks at a changed node. */
    void look(int node) {
        bytes = dirty.bytes(node);
        offset = dirty.offset(node);
    }

    /** Looks at the node that the pointer at {@code at} names; false, and nothing happens: it is not at hand. */
    boolean enter(ByteBuffer from, int at) {
        long address = Pointers.address(from, at);
        if (DirtyNodes.isReference(address)) {
            look(DirtyNodes.referred(address));
            return true;
        }
        long handle = nodes.find(address, Pointers.birth(from, at));
        if (handle < 0) {
            return false;
        }
        bytes = Pointers.littleEndian(nodes.bytes(handle));
        offset = nodes.offset(handle);
        return true;
    }

    /** The changed node beneath {@code parent}, itself at {@code level}, towards {@code block}; copied if need be. */
    int child(int parent, int level, long block) {
        ByteBuffer above = dirty.bytes(parent);
        int at = dirty.offset(parent) + Pointers.offset(block, level);
        long address = Pointers.address(above, at);
        if (DirtyNodes.isReference(address)) {
            return DirtyNodes.referred(address);
        }
        int node;
        if (!Pointers.isPresent(above, at)) {
            node = dirty.createEmpty(parent, level - 1, block);
            if (!Pointers.isHole(above, at)) {
                Pointers.setAllUnreadable(dirty.bytes(node), dirty.offset(node), Pointers.birth(above, at));
            }
        } else {
            long birth = Pointers.birth(above, at);
            long handle = nodes.find(address, birth);
            Checks.that(handle >= 0, "plan has brought every node that is changed", address, birth);
            ByteBuffer old = Pointers.littleEndian(nodes.bytes(handle));
            node = dirty.createCopy(parent, level - 1, block, old, nodes.offset(handle));
            freed.freed(address, birth, true);
        }
        refer(above, at, node);
        return node;
    }

    /** Grows until the tree is as high as wanted. Returns whether it was not. */
    boolean grow(int wanted) {
        if (height >= wanted) {
            return false;
        }
        ByteBuffer anchor = dirty.bytes(DirtyNodes.ANCHOR);
        int at = dirty.offset(DirtyNodes.ANCHOR);
        while (height < wanted && !Pointers.isHole(anchor, at)) {
            int node = dirty.createEmpty(DirtyNodes.ANCHOR, height, 0);
            Pointers.copy(anchor, at, dirty.bytes(node), dirty.offset(node));
            long below = Pointers.address(anchor, at);
            if (DirtyNodes.isReference(below)) {
                dirty.hangFirst(DirtyNodes.referred(below), node);
            }
            refer(anchor, at, node);
            height++;
        }
        height = Math.max(height, wanted);
        return true;
    }

    /** Reports the data block that a pointer names, if any. */
    void freeData(ByteBuffer from, int at) {
        if (Pointers.isPresent(from, at)) {
            freed.freed(Pointers.address(from, at), Pointers.birth(from, at), false);
        }
    }

    /** Lets go of the node that a pointer names, changed or old, if any. */
    void freeNode(long address, long birth) {
        if (DirtyNodes.isReference(address)) {
            dirty.release(DirtyNodes.referred(address));
        } else {
            freed.freed(address, birth, true);
        }
    }

    private void refer(ByteBuffer above, int at, int node) {
        Pointers.put(above, at, DirtyNodes.reference(node), cp, 0, Pointers.PRESENT, 0);
    }

    /** Names the old nodes above and in a range that are not at hand; true when there are none. */
    boolean planRange(long first, long count, MissingSink missing) {
        long end = Math.min(first + count, capacity());
        boolean complete = true;
        for (long at = first; at < end; at = planned) {
            complete &= planOne(at, end, missing);
        }
        return complete;
    }

    /** The same for single blocks, ascending. */
    boolean planSorted(long[] blocks, int from, int to, MissingSink missing) {
        long end = capacity();
        boolean complete = true;
        int i = from;
        while (i < to && blocks[i] < end) {
            complete &= planOne(blocks[i], blocks[i] + 1, missing);
            long skip = planned;
            for (i++; i < to && blocks[i] < skip; i++) {
                Checks.that(blocks[i] >= blocks[i - 1], "planned blocks ascend", blocks[i - 1], blocks[i]);
            }
        }
        return complete;
    }

    /** Goes down towards {@code block} to the first thing that says enough about it and its neighbours. */
    private boolean planOne(long block, long end, MissingSink missing) {
        long at = block;
        int level = height;
        look(DirtyNodes.ANCHOR);
        while (level > 1) {
            int pointer = offset + Pointers.offset(at, level);
            planned = after(at, level);
            if (Pointers.isPresent(bytes, pointer)) {
                if (!enter(bytes, pointer)) {
                    slot.read(bytes, pointer);
                    missing.missing(slot);
                    return false;
                }
                level--;
            } else if (planned < end && Pointers.offset(planned, level) != 0) {
                at = planned;
            } else {
                return true;
            }
        }
        planned = after(at, 2);
        return true;
    }

    /** The first block beyond the pointer, in a node at {@code level}, towards {@code block}. */
    private static long after(long block, int level) {
        return (block | Pointers.span(level) - 1) + 1;
    }
}
