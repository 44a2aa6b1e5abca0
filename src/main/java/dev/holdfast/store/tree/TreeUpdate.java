package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * All changes of one object in one consistency point, from its old root to its new one. Does not say when: data is
 * written by the caller, nodes go out through {@link #step}, and nothing is durable here.
 *
 * <ul>
 *   <li><b>T1</b> Nothing that the old root reaches is modified: a node is copied before its first change, and every
 *       node of the new root that is not one of the old root has an address from the {@link Allocator} and birth = cp.
 *   <li><b>T2</b> Every block that the old root reaches and the new root does not is reported freed exactly once; so is
 *       every block that was put and replaced again in this update (its birth is cp).
 *   <li><b>T3</b> A node of holes only becomes a hole; {@code used} of every pointer is exact.
 *   <li><b>T4</b> Memory is one page for each node on a changed path, until its turn in {@link #step}.
 * </ul>
 *
 * <p>Order of calls: {@link #plan} until it is true, then {@link #put}, {@link #hole}, {@link #unreadable} in any order
 * within what was planned (more may be planned and changed after that), then {@link #finish}, {@link #step} until it is
 * true, {@link #result}.
 */
public final class TreeUpdate {
    private static final long NO_KEY = -1;

    private final long cp;
    private final NodeSource nodes;
    private final FreedSink freed;
    private final DirtyNodes dirty;
    private final TreeWriter writer;
    private final PointerSlot slot = new PointerSlot();

    private int height;
    private long blocks;

    /** The changed nodes on the way to the last changed block, by level; pathKey says for which blocks. */
    private final int[] path = new int[ObjectRoot.MAX_HEIGHT + 1];

    private final long[] pathKey = new long[ObjectRoot.MAX_HEIGHT + 1];
    private ByteBuffer leafBytes;
    private int leafOffset;

    /**
     * An update that has changed nothing yet.
     *
     * @param cp number of the running consistency point, greater than every birth beneath {@code old} or equal where
     * the
     *     same consistency point has written before
     * @param nodes must hold the nodes of {@code old} that {@link #plan} asked for until they have been changed
     */
    public TreeUpdate(ObjectRoot old, long cp, NodeSource nodes, PagePool pages, FreedSink freed) {
        Checks.that(
                cp > 0 && cp >= old.root().birth(),
                "births do not lie in the future",
                cp,
                old.root().birth());
        this.cp = cp;
        this.nodes = nodes;
        this.freed = freed;
        this.height = old.height();
        this.blocks = old.blocks();
        this.dirty = new DirtyNodes(pages);
        this.writer = new TreeWriter(dirty, cp);
        old.root().write(anchorBytes(), anchorOffset());
        this.leafBytes = anchorBytes();
        forgetPath();
    }

    /** Length of the object in blocks, as the result will say it. */
    public long blocks() {
        return blocks;
    }

    /** Sets the length; before it shrinks, everything beyond is made a hole. */
    public void resize(long newBlocks) {
        Checks.that(newBlocks >= 0 && newBlocks <= ObjectRoot.MAX_BLOCKS, "the length is within the limit", newBlocks);
        blocks = newBlocks;
    }

    /** Nodes that {@link #step} will write, at most. */
    public int dirtyNodes() {
        return dirty.live();
    }

    /**
     * Names the old nodes that changing these blocks needs and that are not at hand. Each round names those that can be
     * known so far, at most one level deeper than the round before. A range that is a hole costs nothing; so a long
     * range of which much is used is planned and changed in pieces ({@link TreeReader#tail}).
     *
     * @return whether all of them are at hand
     */
    public boolean plan(long first, long count, MissingSink missing) {
        Checks.that(first >= 0 && count >= 0 && first + count <= ObjectRoot.MAX_BLOCKS, "a range", first, count);
        long end = Math.min(first + count, ObjectRoot.capacity(height));
        boolean complete = true;
        for (long at = first; at < end; at = planned) {
            complete &= planOne(at, end, missing);
        }
        return complete;
    }

    /** The same for single blocks, {@code blocks[from]} to before {@code blocks[to]}, ascending. */
    public boolean plan(long[] blocks, int from, int to, MissingSink missing) {
        long end = ObjectRoot.capacity(height);
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

    /** The first block that the last {@link #planOne} says nothing of. */
    private long planned;

    private boolean planOne(long at, long end, MissingSink missing) {
        int level = height;
        ByteBuffer bytes = anchorBytes();
        int offset = anchorOffset();
        while (true) {
            int pointer = offset + Pointers.offset(at, level);
            planned = (at | Pointers.span(level) - 1) + 1;
            if (level == 1) {
                planned = (at | Pointers.FAN_OUT - 1) + 1;
                return true;
            }
            if (Pointers.isHole(bytes, pointer)) {
                if (planned >= end || Pointers.offset(planned, level) == 0) {
                    return true;
                }
                at = planned;
                continue;
            }
            long address = Pointers.address(bytes, pointer);
            if (DirtyNodes.isReference(address)) {
                int node = DirtyNodes.referred(address);
                bytes = dirty.bytes(node);
                offset = dirty.offset(node);
            } else {
                long handle = nodes.find(address, Pointers.birth(bytes, pointer));
                if (handle < 0) {
                    slot.read(bytes, pointer);
                    missing.missing(slot);
                    return false;
                }
                bytes = nodes.bytes(handle);
                offset = nodes.offset(handle);
            }
            level--;
        }
    }

    /** Block number {@code block} is now at {@code address}, where this consistency point has written it. */
    public void put(long block, long address, int checksum) {
        int at = pointer(block);
        free(leafBytes, at);
        Pointers.set(leafBytes, at, address, cp, checksum, 1);
    }

    /** Reading the block is an error from now on, until it is put again. */
    public void unreadable(long block) {
        int at = pointer(block);
        free(leafBytes, at);
        Pointers.setUnreadable(leafBytes, at, cp);
    }

    /** The blocks are holes from now on. */
    public void hole(long first, long count) {
        Checks.that(first >= 0 && count >= 0 && first + count <= ObjectRoot.MAX_BLOCKS, "a range", first, count);
        long end = Math.min(first + count, ObjectRoot.capacity(height));
        if (first < end && anyUsed(anchorBytes(), anchorOffset(), height, 0, first, end)) {
            forgetPath();
            punch(DirtyNodes.ANCHOR, height, 0, first, end);
            forgetPath();
        }
    }

    /** Starts writing what was changed; nothing may be changed after it. */
    public void finish(Allocator allocator, BlockSink sink) {
        writer.start(height, allocator, sink);
    }

    /** Writes up to {@code maxNodes} nodes, children before parents, and gives their pages back; true when all are. */
    public boolean step(int maxNodes) {
        return writer.step(maxNodes);
    }

    /** The object's new root. */
    public ObjectRoot result() {
        BlockPointer root = writer.root();
        return root.isHole() ? ObjectRoot.empty(blocks) : new ObjectRoot(root, height, blocks);
    }

    /** Gives all pages back; the update is not used any more. */
    public void abandon() {
        dirty.releaseAll();
    }

    /** Makes the way to a block changed and frees what is there, as {@link #put} will want it soon. */
    void touch(long block) {
        int at = pointer(block);
        free(leafBytes, at);
        Pointers.clear(leafBytes, at);
    }

    private ByteBuffer anchorBytes() {
        return dirty.bytes(DirtyNodes.ANCHOR);
    }

    private int anchorOffset() {
        return dirty.offset(DirtyNodes.ANCHOR);
    }

    /** Offset in leafBytes of the pointer to a block, in a page that may be changed. */
    private int pointer(long block) {
        if (block >>> Pointers.FAN_OUT_BITS != pathKey[1]) {
            descend(block);
        }
        return leafOffset + Pointers.offset(block, 1);
    }

    private void descend(long block) {
        Checks.that(block >= 0 && block < blocks, "the block is within the object", block, blocks);
        Checks.that(!writer.started(), "nothing changes after finish", block);
        grow(ObjectRoot.heightFor(block));
        int level = 1;
        while (level < height && pathKey[level] != block >>> Pointers.FAN_OUT_BITS * level) {
            level++;
        }
        int node = path[level];
        while (level > 1) {
            node = child(node, level, block);
            level--;
            path[level] = node;
            pathKey[level] = block >>> Pointers.FAN_OUT_BITS * level;
        }
        leafBytes = dirty.bytes(node);
        leafOffset = dirty.offset(node);
    }

    private void forgetPath() {
        for (int level = 0; level <= ObjectRoot.MAX_HEIGHT; level++) {
            pathKey[level] = NO_KEY;
        }
        path[height] = DirtyNodes.ANCHOR;
        leafBytes = anchorBytes();
        leafOffset = anchorOffset();
    }

    private void grow(int wanted) {
        if (height >= wanted) {
            return;
        }
        ByteBuffer bytes = anchorBytes();
        int at = anchorOffset();
        while (height < wanted && !Pointers.isHole(bytes, at)) {
            int node = dirty.create(DirtyNodes.ANCHOR, 0, height);
            Pointers.copy(bytes, at, dirty.bytes(node), dirty.offset(node));
            long below = Pointers.address(bytes, at);
            if (DirtyNodes.isReference(below)) {
                dirty.hang(DirtyNodes.referred(below), node, 0);
            }
            refer(bytes, at, node);
            height++;
        }
        height = Math.max(height, wanted);
        forgetPath();
    }

    /**
     * The changed node beneath {@code parent}, itself at {@code level}, on the way to {@code block}; copied if need be.
     */
    private int child(int parent, int level, long block) {
        ByteBuffer bytes = dirty.bytes(parent);
        int inNode = Pointers.offset(block, level);
        int at = dirty.offset(parent) + inNode;
        long address = Pointers.address(bytes, at);
        if (DirtyNodes.isReference(address)) {
            return DirtyNodes.referred(address);
        }
        int node = dirty.create(parent, inNode / Pointers.SIZE, level - 1);
        if (!Pointers.isHole(bytes, at)) {
            long handle = present(address, Pointers.birth(bytes, at));
            dirty.bytes(node).put(dirty.offset(node), nodes.bytes(handle), nodes.offset(handle), Pointers.BLOCK_BYTES);
            freed.freed(address, Pointers.birth(bytes, at), true);
        }
        refer(bytes, at, node);
        return node;
    }

    private void refer(ByteBuffer bytes, int at, int node) {
        Pointers.put(bytes, at, DirtyNodes.reference(node), cp, 0, Pointers.PRESENT, 0);
    }

    private long present(long address, long birth) {
        long handle = nodes.find(address, birth);
        Checks.that(handle >= 0, "plan has brought every node that is changed", address, birth);
        Pointers.littleEndian(nodes.bytes(handle));
        return handle;
    }

    /** Reports the data block that a pointer names, if any. */
    private void free(ByteBuffer bytes, int at) {
        if (Pointers.flags(bytes, at) == Pointers.PRESENT) {
            freed.freed(Pointers.address(bytes, at), Pointers.birth(bytes, at), false);
        }
    }

    /** Whether anything is there in a range, beneath the pointers of one node that begins at block {@code base}. */
    private boolean anyUsed(ByteBuffer bytes, int offset, int level, long base, long first, long end) {
        long span = Pointers.span(level);
        int last = lastIndex(level, base, end);
        for (int i = firstIndex(level, base, first); i <= last; i++) {
            int at = offset + i * Pointers.SIZE;
            long begin = base + i * span;
            if (Pointers.isHole(bytes, at)) {
                continue;
            }
            if (first <= begin && begin + span <= end || anyUsedBelow(bytes, at, level - 1, begin, first, end)) {
                return true;
            }
        }
        return false;
    }

    private boolean anyUsedBelow(ByteBuffer bytes, int at, int level, long base, long first, long end) {
        long address = Pointers.address(bytes, at);
        if (DirtyNodes.isReference(address)) {
            int node = DirtyNodes.referred(address);
            return anyUsed(dirty.bytes(node), dirty.offset(node), level, base, first, end);
        }
        long handle = present(address, Pointers.birth(bytes, at));
        return anyUsed(nodes.bytes(handle), nodes.offset(handle), level, base, first, end);
    }

    /** Makes holes in a changed node at {@code level} that begins at block {@code base}. */
    private void punch(int node, int level, long base, long first, long end) {
        ByteBuffer bytes = dirty.bytes(node);
        long span = Pointers.span(level);
        int last = lastIndex(level, base, end);
        for (int i = firstIndex(level, base, first); i <= last; i++) {
            int at = dirty.offset(node) + i * Pointers.SIZE;
            long begin = base + i * span;
            if (Pointers.isHole(bytes, at)) {
                continue;
            }
            if (first <= begin && begin + span <= end) {
                drop(bytes, at, level - 1);
                Pointers.clear(bytes, at);
            } else if (anyUsedBelow(bytes, at, level - 1, begin, first, end)) {
                punch(child(node, level, begin), level - 1, begin, first, end);
            }
        }
    }

    private static int firstIndex(int level, long base, long first) {
        return first <= base ? 0 : (int) ((first - base) / Pointers.span(level));
    }

    private static int lastIndex(int level, long base, long end) {
        return (int) Math.min(Pointers.FAN_OUT - 1, (end - 1 - base) / Pointers.span(level));
    }

    /** Frees all that a pointer reaches; {@code level} is that of the node it names, 0 for data. */
    private void drop(ByteBuffer bytes, int at, int level) {
        if (level == 0) {
            free(bytes, at);
            return;
        }
        long address = Pointers.address(bytes, at);
        long birth = Pointers.birth(bytes, at);
        if (DirtyNodes.isReference(address)) {
            int node = DirtyNodes.referred(address);
            dropChildren(dirty.bytes(node), dirty.offset(node), level);
            dirty.release(node);
        } else {
            long handle = present(address, birth);
            dropChildren(nodes.bytes(handle), nodes.offset(handle), level);
            freed.freed(address, birth, true);
        }
    }

    private void dropChildren(ByteBuffer bytes, int offset, int level) {
        for (int at = offset; at < offset + Pointers.BLOCK_BYTES; at += Pointers.SIZE) {
            if (!Pointers.isHole(bytes, at)) {
                drop(bytes, at, level - 1);
            }
        }
    }
}
