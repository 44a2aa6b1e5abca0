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
        for (int level = root.height() - 1; level > 0 && out.isPresent(); level--) {
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
     * How far one piece of a big job may go: the end of the longest range from block {@code first} on of which at most
     * {@code maxUsed} data blocks are used. What is a hole costs nothing, so the end of the object may be near. Looks
     * at the nodes above both ends and nothing in between.
     *
     * @param missing the pointer of the node that {@code nodes} lacks, if one does
     * @return the block after the piece, at most the greater of the object's length and capacity; {@code first} when
     *     its own block is too much already; -1: a node is missing
     */
    public static long piece(ObjectRoot root, long first, long maxUsed, NodeSource nodes, PointerSlot missing) {
        Checks.that(first >= 0 && maxUsed >= 0, "a place and a limit are not negative", first, maxUsed);
        long at = first;
        long left = maxUsed;
        while (at < root.capacity()) {
            int level = descend(root, at, left, nodes, missing);
            if (level < 0) {
                return -1;
            }
            if (missing.used() > left) {
                return at;
            }
            left -= missing.used();
            at = (at | Pointers.span(level) - 1) + 1;
        }
        return Math.max(at, root.blocks());
    }

    /** Finds the greatest subtree that has nothing before {@code at} and at most {@code left} used; -1: missing. */
    private static int descend(ObjectRoot root, long at, long left, NodeSource nodes, PointerSlot out) {
        out.set(root.root());
        int level = root.height();
        while (level > 1 && out.used() > 0) {
            boolean beginsHere = (at & Pointers.span(level) - 1) == 0;
            if (beginsHere && out.used() <= left) {
                return level;
            }
            long handle = nodes.find(out.address(), out.birth());
            if (handle < 0) {
                return -1;
            }
            level--;
            ByteBuffer bytes = Pointers.littleEndian(nodes.bytes(handle));
            out.read(bytes, nodes.offset(handle) + Pointers.offset(at, level));
        }
        return level;
    }
}
