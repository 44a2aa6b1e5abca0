package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.LongList;
import java.nio.ByteBuffer;

/**
 * Every pointer of one object, in order of blocks as far as their nodes come in that order, with many reads of nodes
 * under way at once. It neither reads nor judges: the caller brings the bytes of the nodes that it wants to see into.
 *
 * <p>Memory is bounded by the reads under way: 128 pointers per level for each. One owner.
 */
public final class TreeWalk {
    private static final int LEVEL_BITS = 3;

    private final LongList stack = new LongList();
    private final PointerSlot slot = new PointerSlot();
    private int underWay;

    /** A walk over everything that {@code root} reaches. */
    public TreeWalk(ObjectRoot root) {
        if (!root.root().isHole()) {
            slot.set(root.root());
            push(slot, ticket(root.height() - 1, 0));
        }
    }

    /**
     * The next pointer that is not a hole. When it is a node's ({@link #level} of the ticket &gt; 0), the caller owes a
     * {@link #node} or a {@link #skip} for it.
     *
     * @return the pointer's ticket, or -1: nothing now, until more nodes have come, or at all ({@link #done})
     */
    public long next(PointerSlot out) {
        if (stack.isEmpty()) {
            return -1;
        }
        long ticket = stack.removeLast();
        long used = stack.removeLast();
        long word = stack.removeLast();
        long birth = stack.removeLast();
        out.set(stack.removeLast(), birth, (int) word, (byte) (word >>> 32), used);
        if (level(ticket) > 0) {
            underWay++;
        }
        return ticket;
    }

    /** The verified bytes of the node that {@code ticket} stands for. */
    public void node(long ticket, ByteBuffer bytes, int offset) {
        int level = level(ticket);
        skip(ticket);
        long span = Pointers.span(level);
        Pointers.littleEndian(bytes);
        for (int i = Pointers.FAN_OUT - 1; i >= 0; i--) {
            int at = offset + i * Pointers.SIZE;
            if (!Pointers.isHole(bytes, at)) {
                slot.read(bytes, at);
                push(slot, ticket(level - 1, first(ticket) + i * span));
            }
        }
    }

    /** What is beneath the node that {@code ticket} stands for is not walked. */
    public void skip(long ticket) {
        Checks.that(level(ticket) > 0 && underWay > 0, "the ticket is a node's, and under way", ticket, underWay);
        underWay--;
    }

    /** Whether every pointer has been handed out and every node has come. */
    public boolean done() {
        return stack.isEmpty() && underWay == 0;
    }

    /** Level of what a ticket's pointer names: 0 a data block, 1 a node of data blocks, and so on. */
    public static int level(long ticket) {
        return (int) ticket & (1 << LEVEL_BITS) - 1;
    }

    /** Number, in the object, of the first block at or beneath a ticket's pointer. */
    public static long first(long ticket) {
        return ticket >>> LEVEL_BITS;
    }

    private static long ticket(int level, long first) {
        return first << LEVEL_BITS | level;
    }

    private void push(PointerSlot pointer, long ticket) {
        stack.add(pointer.address());
        stack.add(pointer.birth());
        stack.add(pointer.checksum() & 0xFFFF_FFFFL | (long) pointer.flags() << 32);
        stack.add(pointer.used());
        stack.add(ticket);
    }
}
