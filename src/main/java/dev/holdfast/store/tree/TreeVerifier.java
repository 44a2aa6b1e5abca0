package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Walks one object and says what in it can't be (S3). What several objects share or may not share, and the free map,
 * are the pool verifier's, who is shown every pointer. Repairs nothing.
 *
 * <p>It trusts nothing but checksums, which the block supplier verifies. For a walk that must not wait use
 * {@link TreeWalk} with {@link #checkPointer} and {@link #checkNode}, which this does too.
 */
public final class TreeVerifier {
    /** Reads blocks. */
    @FunctionalInterface
    public interface Blocks {
        /** Reads the block that {@code pointer} names to the start of {@code into}; false if no copy verifies. */
        boolean read(PointerSlot pointer, ByteBuffer into);
    }

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

    private final Blocks blocks;
    private final Visitor visitor;
    private final boolean readsData;
    private final ByteBuffer page =
            ByteBuffer.allocateDirect(Pointers.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** A verifier; with {@code readsData} the checksums of data blocks are verified too. */
    public TreeVerifier(Blocks blocks, Visitor visitor, boolean readsData) {
        this.blocks = blocks;
        this.visitor = visitor;
        this.readsData = readsData;
    }

    /** Verifies the object that {@code root}, as of consistency point {@code cp}, names. */
    public void walk(ObjectRoot root, long cp) {
        if (root.root().birth() > cp) {
            visitor.problem("the root pointer is born after its root: " + root.root() + ", cp " + cp);
        }
        TreeWalk walk = new TreeWalk(root);
        PointerSlot pointer = new PointerSlot();
        while (true) {
            long ticket = walk.next(pointer);
            if (ticket < 0) {
                break;
            }
            step(root, walk, ticket, pointer);
        }
        Checks.that(walk.done(), "a walk without waiting ends");
    }

    private void step(ObjectRoot root, TreeWalk walk, long ticket, PointerSlot pointer) {
        int level = TreeWalk.level(ticket);
        boolean present = checkPointer(root, ticket, pointer, visitor);
        boolean wanted = visitor.pointer(pointer, level, TreeWalk.first(ticket)) && present;
        boolean there = wanted && (level > 0 || readsData) && read(pointer, ticket);
        if (level == 0) {
            return;
        }
        if (there && checkNode(pointer, ticket, page, 0, visitor)) {
            walk.node(ticket, page, 0);
        } else {
            walk.skip(ticket);
        }
    }

    private boolean read(PointerSlot pointer, long ticket) {
        if (blocks.read(pointer, page)) {
            return true;
        }
        visitor.problem("no copy verifies: " + where(pointer, ticket));
        return false;
    }

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
