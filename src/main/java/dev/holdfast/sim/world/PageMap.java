package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.sim.random.SimRandom;
import java.util.Arrays;

/**
 * Pages by number, sparse: an absent page takes no memory, and a page of zeroes is one shared array. Pages are never
 * changed once they are in, so maps may share them. A map can stand on another as a layer: {@link #fork} costs nothing.
 */
final class PageMap {
    static final int PAGE_BYTES = 4096;

    /** What {@link #get} answers for a page that is in no layer. */
    static final byte[] ABSENT = new byte[0];

    /** The page of zeroes; recognised by identity. */
    static final byte[] ZEROES = new byte[PAGE_BYTES];

    private static final byte[] FREE = new byte[0];
    private static final int MAXIMUM_DEPTH = 6;

    private final PageMap[] below;
    private long[] keys = new long[64];
    private byte[][] values = new byte[64][];
    private int used;

    /** An empty map. */
    PageMap() {
        this(new PageMap[0]);
    }

    private PageMap(PageMap[] below) {
        this.below = below;
        Arrays.fill(values, FREE);
    }

    /**
     * A map with the contents of this one, to be changed on its own. This map must not change as long as the fork is
     * in use.
     */
    PageMap fork() {
        if (below.length < MAXIMUM_DEPTH) {
            PageMap[] layers = new PageMap[below.length + 1];
            System.arraycopy(below, 0, layers, 1, below.length);
            layers[0] = this;
            return new PageMap(layers);
        }
        return copy();
    }

    /** A map with the contents of this one and no tie to it; the pages themselves are shared. */
    PageMap copy() {
        PageMap whole = new PageMap();
        for (int layer = below.length - 1; layer >= 0; layer--) {
            below[layer].putOwnInto(whole);
        }
        putOwnInto(whole);
        return whole;
    }

    /** The page, or {@link #ABSENT}. */
    byte[] get(long page) {
        byte[] own = ownGet(page);
        for (int layer = 0; own == FREE && layer < below.length; layer++) {
            own = below[layer].ownGet(page);
        }
        return own == FREE ? ABSENT : own;
    }

    /** Puts {@code bytes}, which must never change again; {@link #ABSENT} removes. */
    void put(long page, byte[] bytes) {
        Checks.that(bytes.length == PAGE_BYTES || bytes == ABSENT, "a page is whole", bytes.length);
        int slot = slotOf(page);
        if (values[slot] == FREE) {
            if (bytes == ABSENT && below.length == 0) {
                return;
            }
            used++;
        }
        keys[slot] = page;
        values[slot] = bytes;
        if (used * 2 > keys.length) {
            rebuild();
        }
    }

    /** Forgets everything. */
    void clear() {
        Checks.that(below.length == 0, "only a map without layers is cleared");
        if (used > 0) {
            keys = new long[64];
            values = new byte[64][];
            Arrays.fill(values, FREE);
            used = 0;
        }
    }

    /** Numbers of the pages that are not absent, ascending. */
    long[] pages() {
        PageMap whole = below.length == 0 ? this : copy();
        long[] found = new long[whole.used];
        int count = 0;
        for (int slot = 0; slot < whole.keys.length; slot++) {
            if (whole.values[slot].length == PAGE_BYTES) {
                found[count++] = whole.keys[slot];
            }
        }
        long[] sorted = Arrays.copyOf(found, count);
        Arrays.sort(sorted);
        return sorted;
    }

    private byte[] ownGet(long page) {
        return values[slotOf(page)];
    }

    private int slotOf(long page) {
        int mask = keys.length - 1;
        int slot = (int) (SimRandom.mix(page) & mask);
        while (values[slot] != FREE && keys[slot] != page) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void rebuild() {
        long[] oldKeys = keys;
        byte[][] oldValues = values;
        int kept = 0;
        for (byte[] value : oldValues) {
            kept += isKept(value) ? 1 : 0;
        }
        int capacity = Math.max(64, Integer.highestOneBit(kept) * 8);
        keys = new long[capacity];
        values = new byte[capacity][];
        Arrays.fill(values, FREE);
        for (int slot = 0; slot < oldKeys.length; slot++) {
            if (isKept(oldValues[slot])) {
                int into = slotOf(oldKeys[slot]);
                keys[into] = oldKeys[slot];
                values[into] = oldValues[slot];
            }
        }
        used = kept;
    }

    private boolean isKept(byte[] value) {
        return value != FREE && (value != ABSENT || below.length > 0);
    }

    private void putOwnInto(PageMap other) {
        for (int slot = 0; slot < keys.length; slot++) {
            if (values[slot] != FREE) {
                other.put(keys[slot], values[slot]);
            }
        }
    }
}
