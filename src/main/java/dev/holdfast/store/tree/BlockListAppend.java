package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import java.nio.ByteBuffer;

/**
 * Appends to a list of blocks (a dead list) in one consistency point. Only the last block and the nodes above it are
 * read; full blocks go out as they fill. Does not look at what is in the list.
 *
 * <pre>
 * entry i is in block i / 256, at 16 * (i mod 256); little endian
 * at  size
 *  0   8    address
 *  8   8    birth
 * </pre>
 *
 * The rest of the last block is zero. How many entries there are is kept by the list's owner.
 */
public final class BlockListAppend {
    /** Bytes of an entry. */
    static final int ENTRY_BYTES = 16;

    /** Entries in a block. */
    static final int PER_BLOCK = Pointers.BLOCK_BYTES / ENTRY_BYTES;

    private static final int NO_PAGE = -1;

    private final ObjectRoot old;
    private final UpdateTools tools;
    private final TreeUpdate update;
    private final Crc32c crc = new Crc32c();
    private final PointerSlot slot = new PointerSlot();
    private final boolean tailIsPartial;
    private long count;
    private int page = NO_PAGE;

    /** Appends to a list of {@code count} entries; a new list is {@link ObjectRoot#EMPTY} with 0. */
    public BlockListAppend(ObjectRoot old, long count, UpdateTools tools) {
        Checks.that(old.blocks() == blocks(count), "a list is as long as its entries need", old.blocks(), count);
        this.old = old;
        this.count = count;
        this.tools = tools;
        this.update = tools.update(old);
        this.tailIsPartial = count % PER_BLOCK != 0;
    }

    /** How {@link #plan} went. */
    public enum Plan {
        /** All that appending needs is at hand. */
        READY,
        /** Something was named that is not. */
        MISSING,
        /** The last block can't be read, so nothing can be appended. */
        LOST
    }

    /** Names what appending needs and what is not at hand: nodes, then the last block. */
    public Plan plan(MissingSink missing, LostBlocks lost) {
        if (!tailIsPartial) {
            return update.plan(count / PER_BLOCK, 1, missing) ? Plan.READY : Plan.MISSING;
        }
        Lookup found = TreeReader.find(old, count / PER_BLOCK, tools.nodes(), slot);
        Checks.that(found != Lookup.HOLE, "a list has every block up to its count", count);
        boolean isLost = found == Lookup.FOUND && lost.isLost(slot.address(), slot.birth());
        if (found == Lookup.UNREADABLE || isLost) {
            return Plan.LOST;
        }
        if (found == Lookup.FOUND && tools.nodes().find(slot.address(), slot.birth()) >= 0) {
            return Plan.READY;
        }
        missing.missing(slot);
        return Plan.MISSING;
    }

    /** Says which blocks no copy could be read of. */
    @FunctionalInterface
    public interface LostBlocks {
        /** True for the block born at {@code birth} at {@code address}. */
        boolean isLost(long address, long birth);
    }

    /** Appends one entry; {@link #plan} has been true. */
    public void append(long address, long birth) {
        Checks.that(address > 0 && birth > 0, "a listed block has an address and a birth", address, birth);
        if (page == NO_PAGE) {
            page = tools.pages().takeZeroed();
            if (count % PER_BLOCK != 0) {
                loadTail();
            }
        }
        ByteBuffer bytes = tools.pages().bytes(page);
        int at = tools.pages().offset(page) + (int) (count % PER_BLOCK) * ENTRY_BYTES;
        bytes.putLong(at, address);
        bytes.putLong(at + Long.BYTES, birth);
        count++;
        if (count % PER_BLOCK == 0) {
            writePage();
        }
    }

    /** Writes the last block; nothing is appended after it. */
    public void finish() {
        if (page != NO_PAGE) {
            writePage();
        }
        update.finish(tools.allocator(), tools.sink());
    }

    /** Writes up to {@code maxNodes} nodes; true when all are. */
    public boolean step(int maxNodes) {
        return update.step(maxNodes);
    }

    /** The list's new root. */
    public ObjectRoot result() {
        return update.result();
    }

    /** Entries in the list now. */
    public long count() {
        return count;
    }

    private static long blocks(long entries) {
        return (entries + PER_BLOCK - 1) / PER_BLOCK;
    }

    private void loadTail() {
        Lookup found = TreeReader.find(old, count / PER_BLOCK, tools.nodes(), slot);
        long handle = found == Lookup.FOUND ? tools.nodes().find(slot.address(), slot.birth()) : -1;
        Checks.that(handle >= 0, "plan has brought the last block", count);
        ByteBuffer bytes = tools.nodes().bytes(handle);
        tools.pages()
                .bytes(page)
                .put(tools.pages().offset(page), bytes, tools.nodes().offset(handle), Pointers.BLOCK_BYTES);
    }

    private void writePage() {
        long block = (count - 1) / PER_BLOCK;
        ByteBuffer bytes = tools.pages().bytes(page);
        int offset = tools.pages().offset(page);
        long address = tools.allocator().allocate();
        tools.sink().write(address, bytes, offset);
        update.resize(blocks(count));
        update.put(block, address, crc.ofBlock(bytes, offset));
        tools.pages().give(page);
        page = NO_PAGE;
    }
}
