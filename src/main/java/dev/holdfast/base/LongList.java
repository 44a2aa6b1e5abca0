package dev.holdfast.base;

import java.util.Arrays;

/** Numbers in a row, growing, without boxes. Its memory is kept for the next use unless it was much. */
public final class LongList {
    private static final int KEPT = 1 << 20;

    private long[] values = new long[16];
    private int size;

    /** An empty list. */
    public LongList() {}

    /** How many there are. */
    public int size() {
        return size;
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** The number at {@code index}, from 0. */
    public long get(int index) {
        Checks.that(index >= 0 && index < size, "the index is within the list", index, size);
        return values[index];
    }

    /** Puts a number at the end. */
    public void add(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        values[size++] = value;
    }

    /** Takes the last number away. */
    public long removeLast() {
        Checks.that(size > 0, "the list is not empty");
        return values[--size];
    }

    /** Sorts them, ascending. */
    public void sort() {
        Arrays.sort(values, 0, size);
    }

    /** Takes all of them away. */
    public void clear() {
        size = 0;
        if (values.length > KEPT) {
            values = new long[16];
        }
    }
}
