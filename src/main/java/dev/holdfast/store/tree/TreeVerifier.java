package dev.holdfast.store.tree;

import java.nio.ByteBuffer;

/**
 * Says what in one object can't be (S3), pointer by pointer and node by node, on a {@link TreeWalk}. What several
 * objects share or may not share, and the free map, are the pool verifier's, who is shown every pointer. Repairs
 * nothing and trusts nothing but checksums, which whoever reads the nodes verifies.
 */
public final class TreeVerifier {
    /** Learns what is there. */
    public interface Visitor {
        /**
         * A pointer that is not a hole.
         *
         * @param level 0: it names data
         * @param first number in the object of the first block beneath it
         * @return whether to look beneath it: not where an equal pointer was walked before
         */
        boolean pointer(PointerSlot pointer, int level, long first);

        /** Something that can't be, in a line. */
        void problem(String what);
    }

    private TreeVerifier() {}

    /** Checks one pointer where it stands in an object; false: there is nothing to look at beneath it. */
    public static boolean checkPointer(ObjectRoot root, long ticket, PointerSlot pointer, Visitor visitor) {
        int level = TreeWalk.level(ticket);
        if (TreeWalk.first(ticket) >= root.blocks()) {
            visitor.problem("beyond the object's " + root.blocks() + " blocks: " + where(pointer, ticket));
        }
        boolean exact = level == 0 || !pointer.isPresent();
        long mostUsed = pointer.isPresent() ? Pointers.span(level + 1) : 0;
        if (pointer.used() > mostUsed || exact && pointer.used() < mostUsed) {
            visitor.problem("used blocks can't be: " + where(pointer, ticket));
        }
        return pointer.isPresent();
    }

    /** Checks a node against the pointer that names it; false: its pointers can't be followed. */
    public static boolean checkNode(PointerSlot pointer, long ticket, ByteBuffer bytes, int offset, Visitor visitor) {
        long used = 0;
        boolean holesOnly = true;
        for (int i = 0; i < Pointers.FAN_OUT; i++) {
            int at = offset + i * Pointers.SIZE;
            if (!BlockPointer.isValid(bytes, at)) {
                visitor.problem("pointer " + i + " is not one, in the node: " + where(pointer, ticket));
                return false;
            }
            if (Pointers.birth(bytes, at) > pointer.birth()) {
                visitor.problem("pointer " + i + " is born after its node: " + where(pointer, ticket));
            }
            holesOnly &= Pointers.isHole(bytes, at);
            used += Pointers.used(bytes, at);
        }
        if (used != pointer.used()) {
            visitor.problem(used + " blocks are used beneath: " + where(pointer, ticket));
        }
        if (holesOnly) {
            visitor.problem("a node of holes: " + where(pointer, ticket));
        }
        return true;
    }

    private static String where(PointerSlot pointer, long ticket) {
        return pointer + ", level " + TreeWalk.level(ticket) + ", block " + TreeWalk.first(ticket);
    }
}
