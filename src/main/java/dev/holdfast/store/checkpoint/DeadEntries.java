package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import java.util.Arrays;

/** Blocks that died in one consistency point while a snapshot reaches them: (address, birth), in memory. */
public final class DeadEntries {
    private long[] values = new long[64];
    private int size;

    public void add(long address, long birth) {
        Checks.that(address > 0 && birth > 0, "a dead block was alive", address, birth);
        if (2 * size == values.length) {
            values = Arrays.copyOf(values, 2 * values.length);
        }
        values[2 * size] = address;
        values[2 * size + 1] = birth;
        size++;
    }

    public int size() {
        return size;
    }

    public long address(int index) {
        return values[2 * index];
    }

    public long birth(int index) {
        return values[2 * index + 1];
    }
}
