package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import java.nio.ByteBuffer;

/**
 * All changes of one object in one consistency point, from its old root to its new one. Does not say when: data is
 * written by the caller, nodes go out through {@link #flush} and {@link #step}, and nothing is durable here.
 *
 * <ul>
 *   <li><b>T1</b> Nothing that the old root reaches is modified: a node is copied before its first change, and every
 *       node of the new root that is not one of the old root has an address from the {@link Allocator} and birth = cp.
 *   <li><b>T2</b> Every block that the old root reaches and the new root does not is reported freed exactly once; so is
 *       every block that was put, and every node that was flushed, and replaced again in this update (birth = cp).
 *   <li><b>T3</b> A node of holes only becomes a hole; {@code used} of every pointer is exact.
 *   <li><b>T4</b> Memory is one page for each node on a changed path, until it is flushed.
 * </ul>
 *
 * <p>Order of calls: {@link #plan} until it is true, then {@link #put}, {@link #hole}, {@link #unreadable} in any order
 * within what was planned (more may be planned and changed after that), then {@link #finish}, {@link #step} until it is
 * true, {@link #result}. A big update goes through the object once, upwards, in pieces: plan, change and {@link #flush}
 * one, then let go of its old nodes and take the next; so memory is that of a piece.
 */
public final class TreeUpdate {
    private static final long NO_KEY = -1;

    private final ChangedTree tree;
    private final TreeHoles holes;
    private final TreeWriter writer;
    private long blocks;

    /** The changed nodes on the way to the last changed block, by level; pathKey says for which blocks. */
    private final int[] path = new int[ObjectRoot.MAX_HEIGHT + 1];

    private final long[] pathKey = new long[ObjectRoot.MAX_HEIGHT + 1];
    private ByteBuffer leafBytes;
    private int leafOffset;

    private Allocator allocator = () -> {
        throw Checks.unreachable("finish names an allocator");
    };
    private BlockSink sink = (address, bytes, offset) -> {
        throw Checks.unreachable("finish names a sink");
    };
    private long flushedBefore;
    private boolean finished;
    private boolean written;
    private BlockPointer root = BlockPointer.HOLE;

    /**
     * An update that has changed nothing yet.
     *
     * @param cp number of the running consistency point: above every birth beneath {@code old}, or equal to those that
     *     the same consistency point has written before
     * @param nodes must hold the old nodes that {@link #plan} asked for until they have been changed
     */
    public TreeUpdate(ObjectRoot old, long cp, NodeSource nodes, PagePool pages, FreedSink freed) {
        this.tree = new ChangedTree(old, cp, nodes, pages, freed);
        this.holes = new TreeHoles(tree);
        this.writer = new TreeWriter(tree);
        this.blocks = old.blocks();
        this.leafBytes = tree.bytes();
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

    /** From now on a range that becomes holes leaves a trace, though it was holes: births of the nodes beside it. */
    public void markHoles() {
        holes.mark();
    }

    /** Nodes in memory that {@link #step} will write, at most. */
    public int dirtyNodes() {
        return tree.dirty().live();
    }

    /**
     * Names the old nodes that changing these blocks needs and that are not at hand. Each round names those that can be
     * known so far, at most one level deeper than the round before. A range that is a hole costs nothing; a long range
     * of which much is used is planned and changed in pieces ({@link TreeReader#piece}).
     *
     * @return whether all of them are at hand
     */
    public boolean plan(long first, long count, MissingSink missing) {
        checkRange(first, count);
        return tree.planRange(first, count, missing);
    }

    /** The same for single blocks, {@code sorted[from]} to before {@code sorted[to]}, ascending. */
    public boolean plan(long[] sorted, int from, int to, MissingSink missing) {
        return tree.planSorted(sorted, from, to, missing);
    }

    /** Block number {@code block} is now at {@code address}, where this consistency point has written it. */
    public void put(long block, long address, int checksum) {
        int at = pointer(block);
        tree.freeData(leafBytes, at);
        long birth = Mutant.on("tree.birth-off-by-one") ? Math.max(1, tree.cp() - 1) : tree.cp();
        Pointers.set(leafBytes, at, address, birth, checksum, 1);
    }

    /** Reading the block is an error from now on, until it is put again. */
    public void unreadable(long block) {
        int at = pointer(block);
        tree.freeData(leafBytes, at);
        Pointers.setUnreadable(leafBytes, at, tree.cp());
    }

    /** The blocks are holes from now on. */
    public void hole(long first, long count) {
        checkRange(first, count);
        checkOpen();
        if (holes.punch(first, first + count)) {
            writer.restart();
            forgetPath();
        }
    }

    /**
     * Writes up to {@code maxNodes} nodes all of whose blocks lie before {@code before}, and gives their pages back;
     * true when there are none left. Changing such a block after that is allowed, and writes its nodes a second time.
     */
    public boolean flush(long before, int maxNodes, Allocator addresses, BlockSink blockSink) {
        checkOpen();
        forgetPath();
        if (before != flushedBefore) {
            flushedBefore = before;
            writer.restart();
        }
        return writer.write(before, maxNodes, addresses, blockSink);
    }

    /** Starts writing what was changed; nothing may be changed after it. */
    public void finish(Allocator addresses, BlockSink blockSink) {
        checkOpen();
        finished = true;
        forgetPath();
        allocator = addresses;
        sink = blockSink;
        writer.restart();
    }

    /** Writes up to {@code maxNodes} nodes, children before parents, and gives their pages back; true when all are. */
    public boolean step(int maxNodes) {
        Checks.that(finished, "finish comes before step");
        if (!written && writer.write(ObjectRoot.MAX_BLOCKS, maxNodes, allocator, sink)) {
            Checks.that(
                    tree.dirty().live() == 0,
                    "every changed node was written",
                    tree.dirty().live());
            root = BlockPointer.read(anchorBytes(), anchorOffset());
            tree.dirty().releaseAll();
            written = true;
        }
        return written;
    }

    /** The object's new root. */
    public ObjectRoot result() {
        Checks.that(written, "the result is there when every node is written");
        return root.isHole() ? ObjectRoot.empty(blocks) : new ObjectRoot(root, tree.height(), blocks);
    }

    /** Gives all pages back; the update is not used any more. */
    public void abandon() {
        finished = true;
        forgetPath();
        tree.dirty().releaseAll();
    }

    /** Makes the way to a block changed and frees what is there, as {@link #put} will want it soon. */
    void touch(long block) {
        int at = pointer(block);
        tree.freeData(leafBytes, at);
        Pointers.clear(leafBytes, at);
    }

    private static void checkRange(long first, long count) {
        boolean within = first >= 0 && count >= 0 && count <= ObjectRoot.MAX_BLOCKS - first;
        Checks.that(within, "a range is within the longest object", first, count);
    }

    private void checkOpen() {
        Checks.that(!finished, "nothing changes after finish");
    }

    private ByteBuffer anchorBytes() {
        return tree.dirty().bytes(DirtyNodes.ANCHOR);
    }

    private int anchorOffset() {
        return tree.dirty().offset(DirtyNodes.ANCHOR);
    }

    /** Offset in leafBytes of the pointer to a block, in a page that may be changed. */
    private int pointer(long block) {
        Checks.that(block >= 0 && block < blocks, "the block is within the object", block, blocks);
        if (block >>> Pointers.FAN_OUT_BITS != pathKey[1]) {
            descend(block);
        }
        return leafOffset + Pointers.offset(block, 1);
    }

    private void descend(long block) {
        checkOpen();
        writer.restart();
        if (tree.grow(ObjectRoot.heightFor(block))) {
            forgetPath();
        }
        int level = 1;
        while (level < tree.height() && pathKey[level] != block >>> Pointers.FAN_OUT_BITS * level) {
            level++;
        }
        int node = level == tree.height() ? DirtyNodes.ANCHOR : path[level];
        while (level > 1) {
            node = tree.child(node, level, block);
            level--;
            path[level] = node;
            pathKey[level] = block >>> Pointers.FAN_OUT_BITS * level;
        }
        leafBytes = tree.dirty().bytes(node);
        leafOffset = tree.dirty().offset(node);
    }

    private void forgetPath() {
        for (int level = 0; level <= ObjectRoot.MAX_HEIGHT; level++) {
            pathKey[level] = NO_KEY;
        }
    }
}
