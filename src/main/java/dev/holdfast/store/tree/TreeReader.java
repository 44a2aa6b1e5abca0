package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * Finds a block of an object over nodes that are at hand. Brings nothing in and changes nothing: what is missing is
 * named, and the caller asks again when it is there.
 */
public final class TreeReader {
    private TreeReader() {}

    /**
     * Looks up one block. Allocates nothing.
     *
     * @param block number in the object; beyond its end is a hole
     * @param out the block's pointer; after {@link Lookup#MISSING} the pointer of the node that {@code nodes} lacks
     */
    public static Lookup find(ObjectRoot root, long block, NodeSource nodes, PointerSlot out) {
        Checks.that(block >= 0, "a block number is not negative", block);
        if (block >= root.capacity()) {
            out.clear();
            return Lookup.HOLE;
        }
        out.set(root.root());
        for (int level = root.height() - 1; level > 0 && !out.isHole(); level--) {
            long handle = nodes.find(out.address(), out.birth());
            if (handle < 0) {
                return Lookup.MISSING;
            }
            ByteBuffer bytes = Pointers.littleEndian(nodes.bytes(handle));
            out.read(bytes, nodes.offset(handle) + Pointers.offset(block, level));
        }
        return out.found();
    }

    /**
     * The longest end of an object in which at most {@code maxUsed} data blocks are used, for freeing a big object
     * piece by piece. Costs one path of nodes.
     *
     * @param missing the pointer of the node that {@code nodes} lacks, if any
     * @return its first block; the object's capacity when not even one block is within the limit; -1: a node is missing
     */
    public static long tail(ObjectRoot root, long maxUsed, NodeSource nodes, PointerSlot missing) {
        Checks.that(maxUsed >= 0, "a limit is not negative", maxUsed);
        missing.set(root.root());
        if (missing.used() <= maxUsed) {
            return 0;
        }
        long left = maxUsed;
        long tail = root.capacity();
        for (int level = root.height() - 1; level > 0; level--) {
            long handle = nodes.find(missing.address(), missing.birth());
            if (handle < 0) {
                return -1;
            }
            ByteBuffer bytes = Pointers.littleEndian(nodes.bytes(handle));
            int at = nodes.offset(handle) + Pointers.BLOCK_BYTES - Pointers.SIZE;
            while (Pointers.used(bytes, at) <= left) {
                left -= Pointers.used(bytes, at);
                tail -= Pointers.span(level);
                at -= Pointers.SIZE;
                Checks.that(at >= nodes.offset(handle), "a node's used blocks are those beneath it", tail);
            }
            missing.read(bytes, at);
        }
        return tail;
    }
}
