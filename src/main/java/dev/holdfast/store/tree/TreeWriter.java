package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Mutant;
import java.nio.ByteBuffer;

/**
 * Writes the changed nodes of one object, children before parents, so that each pointer holds the checksum of final
 * bytes. Does not change what the nodes say, except that a node of holes becomes a hole.
 */
final class TreeWriter {
    private final ChangedTree tree;
    private final DirtyNodes dirty;
    private final Crc32c crc = new Crc32c();
    private int level = 1;
    private int next = DirtyNodes.ANCHOR + 1;

    TreeWriter(ChangedTree tree) {
        this.tree = tree;
        this.dirty = tree.dirty();
    }

    /** Something has changed, or other nodes are wanted: the next {@link #write} begins anew. */
    void restart() {
        level = 1;
        next = DirtyNodes.ANCHOR + 1;
    }

    /** Writes up to {@code maxNodes} nodes that end by block {@code before}; true when there are no more of them. */
    boolean write(long before, int maxNodes, Allocator allocator, BlockSink sink) {
        int written = 0;
        while (level < tree.height() && written < maxNodes) {
            if (next >= dirty.limit()) {
                level++;
                next = DirtyNodes.ANCHOR + 1;
                continue;
            }
            int node = next++;
            boolean wanted = dirty.isLive(node) && dirty.level(node) == level;
            if (wanted && dirty.first(node) + Pointers.span(level + 1) <= before) {
                write(node, allocator, sink);
                written++;
            }
        }
        return level >= tree.height();
    }

    private void write(int node, Allocator allocator, BlockSink sink) {
        ByteBuffer bytes = dirty.bytes(node);
        int offset = dirty.offset(node);
        ByteBuffer parent = dirty.bytes(dirty.parent(node));
        int at = dirty.offsetInParent(node);
        boolean hangs = Pointers.address(parent, at) == DirtyNodes.reference(node);
        Checks.that(hangs, "the parent refers to the node", node, dirty.level(node));
        if (isAllHoles(bytes, offset)) {
            Pointers.clear(parent, at);
        } else {
            long address = allocator.allocate();
            Checks.that(address > 0, "an allocated address is usable", address);
            sink.write(address, bytes, offset);
            Pointers.set(parent, at, address, tree.cp(), crc.ofBlock(bytes, offset), used(bytes, offset));
        }
        dirty.release(node);
    }

    private static boolean isAllHoles(ByteBuffer bytes, int offset) {
        for (int at = offset; at < offset + Pointers.BLOCK_BYTES; at += Pointers.SIZE) {
            if (!Pointers.isHole(bytes, at)) {
                return false;
            }
        }
        return true;
    }

    private static long used(ByteBuffer bytes, int offset) {
        long sum = 0;
        for (int at = offset; at < offset + Pointers.BLOCK_BYTES; at += Pointers.SIZE) {
            long used = Pointers.used(bytes, at);
            Checks.that(used >= 0 && Pointers.address(bytes, at) >= 0, "children are written before parents", used);
            sum += used;
        }
        return Mutant.on("tree.used-wrong") ? Math.max(1, sum - 1) : sum;
    }
}
