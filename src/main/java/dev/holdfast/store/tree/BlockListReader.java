package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * Reads a list that {@link BlockListAppend} has written, one block of entries at a time, from blocks that are at hand.
 */
public final class BlockListReader {
    private final ObjectRoot root;
    private final long count;
    private final long[] entries = new long[2 * BlockListAppend.PER_BLOCK];
    private final PointerSlot slot = new PointerSlot();
    private long block;
    private int size;

    /** A reader of a list of {@code count} entries, at its beginning. */
    public BlockListReader(ObjectRoot root, long count) {
        Checks.that(count >= 0 && count <= root.blocks() * BlockListAppend.PER_BLOCK, "the count is the list's", count);
        this.root = root;
        this.count = count;
    }

    /**
     * Takes the next entries; after {@link Step#MISSING} what {@code nodes} lacks, node or data, is in {@code missing}.
     */
    public Step next(NodeSource nodes, PointerSlot missing) {
        size = 0;
        long from = block * BlockListAppend.PER_BLOCK;
        if (from >= count) {
            return Step.END;
        }
        Lookup found = TreeReader.find(root, block, nodes, slot);
        Checks.that(found == Lookup.MISSING || slot.isPresent(), "a list has every block up to its count", block);
        long handle = found == Lookup.MISSING ? -1 : nodes.find(slot.address(), slot.birth());
        if (handle < 0) {
            missing.set(slot);
            return Step.MISSING;
        }
        ByteBuffer bytes = Pointers.littleEndian(nodes.bytes(handle));
        int offset = nodes.offset(handle);
        size = (int) Math.min(BlockListAppend.PER_BLOCK, count - from);
        for (int i = 0; i < 2 * size; i++) {
            entries[i] = bytes.getLong(offset + i * Long.BYTES);
            Checks.that(entries[i] > 0, "a listed block has an address and a birth", block, i);
        }
        block++;
        return Step.FOUND;
    }

    /** Entries taken by the last {@link #next}. */
    public int size() {
        return size;
    }

    /** Address of one of them. */
    public long address(int index) {
        Checks.that(index >= 0 && index < size, "the entry was taken", index, size);
        return entries[2 * index];
    }

    /** Birth of one of them. */
    public long birth(int index) {
        Checks.that(index >= 0 && index < size, "the entry was taken", index, size);
        return entries[2 * index + 1];
    }
}
