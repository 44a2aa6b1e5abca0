package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * Goes over a range of one object and says what is allocated, in pieces. A whole subtree of holes, or one without any,
 * costs one step. Keeps nothing between calls but its place, so nodes may come and go.
 *
 * <p>Pieces follow one another without gaps; two in a row may be of one kind.
 */
public final class ExtentCursor {
    /** Pieces of nodes looked at in one call, so that a call is short. */
    private static final int LOOKS = 256;

    private final PointerSlot slot = new PointerSlot();
    private ObjectRoot root = ObjectRoot.EMPTY;
    private long at;
    private long end;
    private long pieceEnd;
    private Lookup pieceKind = Lookup.HOLE;
    private boolean pieceOlder;
    private boolean older;
    private long bornAfter;
    private long first;
    private Lookup kind = Lookup.HOLE;

    /** Starts over blocks {@code from} to before {@code from + count}; beyond the object's end are holes. */
    public void start(ObjectRoot object, long from, long count) {
        start(object, from, count, 0);
    }

    /**
     * The same, but what was born at or before a consistency point is passed over unseen, a subtree at once: pieces of
     * it are {@link #isOlder}. If the tree {@linkplain TreeUpdate#markHoles marks holes}, all that was changed since is
     * among the others; so are all holes beside it.
     */
    public void start(ObjectRoot object, long from, long count, long bornAfter) {
        this.bornAfter = bornAfter;
        Checks.that(bornAfter >= 0, "consistency points count from 1", bornAfter);
        Checks.that(from >= 0 && count >= 0 && from + count <= ObjectRoot.MAX_BLOCKS, "a range", from, count);
        root = object;
        at = from;
        first = from;
        end = from + count;
    }

    /** Finds the next piece; after {@link Step#MISSING} the node that {@code nodes} lacks is in {@code missing}. */
    public Step next(NodeSource nodes, PointerSlot missing) {
        first = at;
        for (int looks = 0; at < end && looks < LOOKS; looks++) {
            if (!look(nodes)) {
                missing.set(slot);
                return at > first ? Step.FOUND : Step.MISSING;
            }
            if (at > first && (pieceKind != kind || pieceOlder != older)) {
                break;
            }
            kind = pieceKind;
            older = pieceOlder;
            at = Math.min(pieceEnd, end);
        }
        return at > first ? Step.FOUND : Step.END;
    }

    /** First block of the piece. */
    public long first() {
        return first;
    }

    /** Blocks in the piece. */
    public long blocks() {
        return at - first;
    }

    /** What the piece is: FOUND, HOLE or UNREADABLE. */
    public Lookup kind() {
        return kind;
    }

    /** Whether nothing of the piece was born after the consistency point that was named. */
    public boolean isOlder() {
        return older;
    }

    /** Finds out about the block at {@link #at} and as many after it as come for free; false: a node is missing. */
    private boolean look(NodeSource nodes) {
        if (at >= root.capacity()) {
            pieceOlder = false;
            return piece(Lookup.HOLE, end);
        }
        slot.set(root.root());
        for (int level = root.height(); ; level--) {
            long subtreeEnd = (at | Pointers.span(level) - 1) + 1;
            pieceOlder = slot.isPresent() && slot.birth() <= bornAfter;
            boolean isFull = bornAfter == 0 && slot.used() == Pointers.span(level);
            if (!slot.isPresent() || level == 1 || isFull || pieceOlder) {
                return piece(slot.found(), subtreeEnd);
            }
            long handle = nodes.find(slot.address(), slot.birth());
            if (handle < 0) {
                return false;
            }
            ByteBuffer bytes = Pointers.littleEndian(nodes.bytes(handle));
            int offset = nodes.offset(handle);
            if (level == 2) {
                return leaf(bytes, offset);
            }
            slot.read(bytes, offset + Pointers.offset(at, level - 1));
        }
    }

    private boolean leaf(ByteBuffer bytes, int offset) {
        int pointer = offset + Pointers.offset(at, 1);
        byte flags = Pointers.flags(bytes, pointer);
        pieceOlder = isOld(bytes, pointer);
        long next = at;
        do {
            next++;
            pointer += Pointers.SIZE;
        } while (Pointers.offset(next, 1) != 0
                && Pointers.flags(bytes, pointer) == flags
                && isOld(bytes, pointer) == pieceOlder);
        slot.read(bytes, offset + Pointers.offset(at, 1));
        return piece(slot.found(), next);
    }

    private boolean isOld(ByteBuffer bytes, int pointer) {
        return bornAfter > 0 && Pointers.isPresent(bytes, pointer) && Pointers.birth(bytes, pointer) <= bornAfter;
    }

    private boolean piece(Lookup what, long untilBlock) {
        pieceKind = what;
        pieceEnd = untilBlock;
        return true;
    }
}
