package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.util.Arrays;

/** Numbers in a row, growing; without boxes. */
final class LongList {
    private long[] values = new long[16];
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    long get(int index) {
        Checks.that(index < size, "the index is within the list", index, size);
        return values[index];
    }

    void add(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        values[size++] = value;
    }

    long removeLast() {
        Checks.that(size > 0, "the list is not empty");
        return values[--size];
    }

    void sort() {
        Arrays.sort(values, 0, size);
    }

    void clear() {
        size = 0;
        if (values.length > 1 << 20) {
            values = new long[16];
        }
    }
}
