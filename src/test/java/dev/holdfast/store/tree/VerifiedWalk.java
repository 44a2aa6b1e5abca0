package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Walks a whole object as the pool verifier does, without waiting, and shows a visitor everything that is there. */
final class VerifiedWalk {
    /** Reads blocks. */
    @FunctionalInterface
    interface Blocks {
        /** Reads the block that {@code pointer} names to the start of {@code into}; false if it does not verify. */
        boolean read(PointerSlot pointer, ByteBuffer into);
    }

    private final Blocks blocks;
    private final TreeVerifier.Visitor visitor;
    private final ByteBuffer page =
            ByteBuffer.allocateDirect(Pointers.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    VerifiedWalk(Blocks blocks, TreeVerifier.Visitor visitor) {
        this.blocks = blocks;
        this.visitor = visitor;
    }

    /** Walks the object that {@code root}, as of consistency point {@code cp}, names. */
    void walk(ObjectRoot root, long cp) {
        assertTrue(root.root().birth() <= cp, "a root pointer is not born after its root");
        TreeWalk walk = new TreeWalk(root);
        PointerSlot pointer = new PointerSlot();
        for (long ticket = walk.next(pointer); ticket >= 0; ticket = walk.next(pointer)) {
            step(root, walk, ticket, pointer);
        }
        assertTrue(walk.done(), "a walk without waiting ends");
    }

    private void step(ObjectRoot root, TreeWalk walk, long ticket, PointerSlot pointer) {
        int level = TreeWalk.level(ticket);
        boolean present = TreeVerifier.checkPointer(root, ticket, pointer, visitor);
        boolean wanted = visitor.pointer(pointer, level, TreeWalk.first(ticket)) && present;
        if (level == 0) {
            return;
        }
        if (wanted && !blocks.read(pointer, page)) {
            visitor.problem("no copy verifies: " + pointer);
            wanted = false;
        }
        if (wanted && TreeVerifier.checkNode(pointer, ticket, page, 0, visitor)) {
            walk.node(ticket, page, 0);
        } else {
            walk.skip(ticket);
        }
    }
}
