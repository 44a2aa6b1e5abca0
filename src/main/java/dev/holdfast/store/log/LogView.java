package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A lane's memory log as the committer reads it, through buffers of its own. It is not told what is published or
 * released: its user asks only for entries in [released, published) as the lane's messages said.
 */
public final class LogView {
    private final MemoryLayout layout;
    private final ByteBuffer descriptors;
    private final ByteBuffer slots;
    private final List<ByteBuffer> windows = new ArrayList<>();

    LogView(MemoryLayout layout, ByteBuffer region) {
        this.layout = layout;
        descriptors = layout.descriptorsOf(region);
        slots = layout.slotsOf(region);
    }

    /** The descriptors; see {@link Entry} for what is at {@link #at}. */
    public ByteBuffer descriptors() {
        return descriptors;
    }

    /** Index of the descriptor of {@code entry} in {@link #descriptors}. */
    public int at(long entry) {
        int at = ((int) entry & (layout.descriptors() - 1)) * Entry.BYTES;
        Checks.that(Entry.number(descriptors, at) == entry, "the entry is still in the log", entry);
        return at;
    }

    /** All slots, in a buffer of this view's own. */
    public ByteBuffer slotBytes() {
        return slots;
    }

    /** Slots {@code first .. first + count - 1} as a buffer; window {@code index} is made once and used again. */
    ByteBuffer window(int index, int first, int count) {
        Checks.that(first >= 0 && count > 0 && first + count <= layout.slots(), "the slots exist", first, count);
        if (index == windows.size()) {
            windows.add(slots.duplicate().order(ByteOrder.LITTLE_ENDIAN));
        }
        ByteBuffer window = windows.get(index);
        return window.clear().limit((first + count) * Entry.SLOT_BYTES).position(first * Entry.SLOT_BYTES);
    }
}
