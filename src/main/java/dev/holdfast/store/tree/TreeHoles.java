package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import java.nio.ByteBuffer;

/**
 * Makes a range of a changing tree holes and reports everything that was in it. A node is changed only if something
 * beneath it goes, so a range that is a hole already costs one look; unless it {@link #mark}s.
 */
final class TreeHoles {
    private final ChangedTree tree;
    private long first;
    private long end;
    private boolean marks;

    TreeHoles(ChangedTree tree) {
        this.tree = tree;
    }

    /** From now on every node with a part of the range is changed, be it holes already, so that its birth tells. */
    void mark() {
        marks = true;
    }

    /** Makes blocks {@code from} to before {@code until} holes; returns whether any was not one. */
    boolean punch(long from, long until) {
        first = from;
        end = Math.min(until, tree.capacity());
        if (first >= end) {
            return false;
        }
        tree.look(DirtyNodes.ANCHOR);
        boolean any = marks || anyUsed(tree.bytes(), tree.offset(), tree.height(), 0);
        if (any) {
            punch(DirtyNodes.ANCHOR, tree.height(), 0);
        }
        return any;
    }

    private boolean isInside(long begin, int level) {
        return first <= begin && begin + Pointers.span(level) <= end;
    }

    /** Whether anything is there in the range beneath a node at {@code level} that begins at block {@code base}. */
    private boolean anyUsed(ByteBuffer bytes, int offset, int level, long base) {
        int last = lastIndex(level, base);
        for (int i = firstIndex(level, base); i <= last; i++) {
            int at = offset + i * Pointers.SIZE;
            long begin = base + i * Pointers.span(level);
            if (!Pointers.isHole(bytes, at) && (isInside(begin, level) || anyUsedBelow(bytes, at, level, begin))) {
                return true;
            }
        }
        return false;
    }

    private boolean anyUsedBelow(ByteBuffer bytes, int at, int level, long begin) {
        if (!Pointers.isPresent(bytes, at)) {
            return true;
        }
        enter(bytes, at);
        return anyUsed(tree.bytes(), tree.offset(), level - 1, begin);
    }

    /** Punches a changed node at {@code level} that begins at block {@code base}. */
    private void punch(int node, int level, long base) {
        ByteBuffer bytes = tree.dirty().bytes(node);
        int offset = tree.dirty().offset(node);
        int last = lastIndex(level, base);
        for (int i = firstIndex(level, base); i <= last; i++) {
            int at = offset + i * Pointers.SIZE;
            long begin = base + i * Pointers.span(level);
            if (Pointers.isHole(bytes, at)) {
                continue;
            }
            if (isInside(begin, level)) {
                drop(bytes, at, level);
                Pointers.clear(bytes, at);
            } else if (marks || anyUsedBelow(bytes, at, level, begin)) {
                punch(tree.child(node, level, begin), level - 1, begin);
            }
        }
    }

    /** Frees all that a pointer in a node at {@code level} reaches. */
    private void drop(ByteBuffer bytes, int at, int level) {
        if (level == 1) {
            tree.freeData(bytes, at);
            return;
        }
        if (!Pointers.isPresent(bytes, at)) {
            return;
        }
        enter(bytes, at);
        ByteBuffer below = tree.bytes();
        int offset = tree.offset();
        for (int i = 0; i < Pointers.FAN_OUT; i++) {
            int pointer = offset + i * Pointers.SIZE;
            if (!Pointers.isHole(below, pointer)) {
                drop(below, pointer, level - 1);
            }
        }
        if (Mutant.on("tree.hole-keeps-nodes") && Pointers.address(bytes, at) > 0) {
            return;
        }
        tree.freeNode(Pointers.address(bytes, at), Pointers.birth(bytes, at));
    }

    private void enter(ByteBuffer bytes, int at) {
        boolean there = tree.enter(bytes, at);
        Checks.that(there, "plan has brought every node of the range", Pointers.address(bytes, at));
    }

    private int firstIndex(int level, long base) {
        return first <= base ? 0 : (int) ((first - base) / Pointers.span(level));
    }

    private int lastIndex(int level, long base) {
        return (int) Math.min(Pointers.FAN_OUT - 1, (end - 1 - base) / Pointers.span(level));
    }
}
