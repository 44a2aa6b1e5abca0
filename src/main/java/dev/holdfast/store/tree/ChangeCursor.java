package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * Finds the blocks in which two versions of one object differ, by comparing pointers from the top: what both share is
 * skipped whole, so the cost is in the changes and not in the size. It does not read data; a block rewritten with equal
 * bytes is a change.
 *
 * <p>Two pointers are the same block if address and birth are equal, since an address is used again only by a later
 * consistency point. This needs no order between the versions: after a rollback neither descends from the other.
 *
 * <p>Where a whole subtree is a hole now and was not, all of it is one change: blocks in it that were holes before are
 * named too. So it is where all of it is a recorded error now. All else is exact.
 */
public final class ChangeCursor {
    /** Subtrees compared in one call, so that a call is short. */
    private static final int LOOKS = 256;

    private final Side old = new Side();
    private final Side now = new Side();
    private int top;
    private long at;
    private long end;
    private boolean pieceChanged;
    private long pieceEnd;
    private long first;
    private Lookup kind = Lookup.HOLE;

    /** Starts over blocks {@code from} to before {@code from + count} of both versions. */
    public void start(ObjectRoot before, ObjectRoot after, long from, long count) {
        Checks.that(from >= 0 && count >= 0 && from + count <= ObjectRoot.MAX_BLOCKS, "a range", from, count);
        old.root = before;
        now.root = after;
        top = Math.max(before.height(), after.height());
        at = from;
        first = from;
        end = Math.min(from + count, ObjectRoot.capacity(top));
    }

    /** Finds the next change; after {@link Step#MISSING} the node that {@code nodes} lacks is in {@code missing}. */
    public Step next(NodeSource nodes, PointerSlot missing) {
        first = at;
        for (int looks = 0; looks < LOOKS && at < end; looks++) {
            Side lacking = look(nodes);
            if (lacking.missing) {
                missing.set(lacking.slot);
                return at > first ? Step.FOUND : Step.MISSING;
            }
            if (at > first && (!pieceChanged || now.slot.found() != kind)) {
                return Step.FOUND;
            }
            at = Math.min(pieceEnd, end);
            if (pieceChanged) {
                kind = now.slot.found();
            } else {
                first = at;
            }
        }
        if (at > first) {
            return Step.FOUND;
        }
        return at < end ? Step.MORE : Step.END;
    }

    /** First block of the change. */
    public long first() {
        return first;
    }

    /** Blocks in the change. */
    public long blocks() {
        return at - first;
    }

    /** What is there now: FOUND, HOLE or UNREADABLE. */
    public Lookup kind() {
        return kind;
    }

    /** Compares the smallest subtrees at {@link #at} that decide; returns the side that lacks a node, if one does. */
    private Side look(NodeSource nodes) {
        old.begin(top, at);
        now.begin(top, at);
        for (int level = top; ; level--) {
            pieceEnd = (at | Pointers.span(level) - 1) + 1;
            if (old.isReal() && now.isReal() && old.slot.sameBlock(now.slot)) {
                pieceChanged = false;
                return now;
            }
            boolean nowFull = now.slot.used() == Pointers.span(level);
            boolean decided = now.isReal() && (!now.slot.isPresent() || nowFull && old.hasNothing());
            if (level == 1 || decided) {
                pieceChanged = true;
                return now;
            }
            if (!old.descend(level, at, nodes)) {
                return old;
            }
            if (!now.descend(level, at, nodes)) {
                return now;
            }
        }
    }

    /** One version's pointer on the way down; <i>above</i> while its tree is lower than the level compared. */
    private static final class Side {
        final PointerSlot slot = new PointerSlot();
        ObjectRoot root = ObjectRoot.EMPTY;
        boolean above;
        boolean missing;

        void begin(int top, long at) {
            missing = false;
            arrive(top, at);
        }

        boolean isReal() {
            return !above;
        }

        /** Whether no block is there; errors may be. */
        boolean hasNothing() {
            return !above && !slot.isPresent();
        }

        /** Goes from the pointer at {@code level} to that at the level below; false: its node is missing. */
        boolean descend(int level, long at, NodeSource nodes) {
            if (above) {
                arrive(level - 1, at);
                return true;
            }
            if (!slot.isPresent()) {
                return true;
            }
            long handle = nodes.find(slot.address(), slot.birth());
            missing = handle < 0;
            if (!missing) {
                ByteBuffer bytes = Pointers.littleEndian(nodes.bytes(handle));
                slot.read(bytes, nodes.offset(handle) + Pointers.offset(at, level - 1));
            }
            return !missing;
        }

        /** Takes the place of the pointer at {@code level} that is above the tree, its root, or beside it. */
        private void arrive(int level, long at) {
            above = level > root.height() && root.height() > 0 && at < Pointers.span(level);
            if (level == root.height()) {
                slot.set(root.root());
            } else {
                slot.clear();
            }
            if (at >= root.capacity() && !above) {
                slot.clear();
            }
        }
    }
}
