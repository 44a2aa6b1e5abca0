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
}
