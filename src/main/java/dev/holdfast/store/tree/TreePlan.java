package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;

/** Finds out which old nodes a change needs and are not at hand. Changes nothing and counts on nothing having changed. */
final class TreePlan {
    private final ChangedTree tree;
    private final PointerSlot slot = new PointerSlot();

    /** The first block that the last {@link #one} says nothing of. */
    private long next;

    TreePlan(ChangedTree tree) {
        this.tree = tree;
    }

    boolean range(long first, long count, MissingSink missing) {
        long end = Math.min(first + count, tree.capacity());
        boolean complete = true;
        for (long at = first; at < end; at = next) {
            complete &= one(at, end, missing);
        }
        return complete;
    }

    boolean sorted(long[] blocks, int from, int to, MissingSink missing) {
        long end = tree.capacity();
        boolean complete = true;
        int i = from;
        while (i < to && blocks[i] < end) {
            complete &= one(blocks[i], blocks[i] + 1, missing);
            long skip = next;
            for (i++; i < to && blocks[i] < skip; i++) {
                Checks.that(blocks[i] >= blocks[i - 1], "planned blocks ascend", blocks[i - 1], blocks[i]);
            }
        }
        return complete;
    }

    /** Looks from the top to the first thing on the way to {@code block} that says enough about it and its neighbours. */
    private boolean one(long block, long end, MissingSink missing) {
        long at = block;
        int level = tree.height();
        tree.look(DirtyNodes.ANCHOR);
        while (level > 1) {
            int pointer = tree.offset() + Pointers.offset(at, level);
            next = after(at, level);
            if (!Pointers.isHole(tree.bytes(), pointer)) {
                if (!tree.enter(tree.bytes(), pointer)) {
                    slot.read(tree.bytes(), pointer);
                    missing.missing(slot);
                    return false;
                }
                level--;
            } else if (next < end && Pointers.offset(next, level) != 0) {
                at = next;
            } else {
                return true;
            }
        }
        next = after(at, 2);
        return true;
    }

    /** The first block beyond the pointer, in a node at {@code level}, towards {@code block}. */
    private static long after(long block, int level) {
        return (block | Pointers.span(level) - 1) + 1;
    }
}
