package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * Blocks kept by address and birth until their owner drops them: the nodes that one consistency point works on. Not a
 * cache: it evicts nothing.
 */
public final class NodeTable implements NodeSource {
    private static final int FIRST_CAPACITY = 64;

    private final PagePool pages;
    private long[] addresses = new long[FIRST_CAPACITY];
    private long[] births = new long[FIRST_CAPACITY];
    private int[] held = new int[FIRST_CAPACITY];
    private int count;

    /** An empty table that takes its pages from {@code pages}. */
    public NodeTable(PagePool pages) {
        this.pages = pages;
    }

    /** Blocks in the table. */
    public int size() {
        return count;
    }

    /** Copies the 4096 bytes at {@code offset}, already verified, into the table; does nothing when they are there. */
    public void insert(long address, long birth, ByteBuffer bytes, int offset) {
        Checks.that(address > 0 && birth > 0, "a block has an address and a birth", address, birth);
        if (4 * (count + 1) > 3 * addresses.length) {
            grow();
        }
        int slot = slot(address, birth);
        if (addresses[slot] != 0) {
            return;
        }
        int page = pages.take();
        pages.bytes(page).put(pages.offset(page), bytes, offset, Pointers.BLOCK_BYTES);
        place(slot, address, birth, page);
    }

    /** Drops a block; does nothing when it is not there. */
    public void drop(long address, long birth) {
        int hole = slot(address, birth);
        if (addresses[hole] == 0) {
            return;
        }
        pages.give(held[hole]);
        count--;
        int mask = addresses.length - 1;
        int slot = hole;
        while (true) {
            slot = slot + 1 & mask;
            if (addresses[slot] == 0) {
                addresses[hole] = 0;
                return;
            }
            int home = home(addresses[slot], births[slot]);
            if ((slot - home & mask) >= (slot - hole & mask)) {
                addresses[hole] = addresses[slot];
                births[hole] = births[slot];
                held[hole] = held[slot];
                hole = slot;
            }
        }
    }

    /** Drops everything. */
    public void clear() {
        for (int slot = 0; slot < addresses.length; slot++) {
            if (addresses[slot] != 0) {
                pages.give(held[slot]);
                addresses[slot] = 0;
            }
        }
        count = 0;
    }

    @Override
    public long find(long address, long birth) {
        int slot = slot(address, birth);
        return addresses[slot] == 0 ? -1 : held[slot];
    }

    @Override
    public ByteBuffer bytes(long handle) {
        return pages.bytes((int) handle);
    }

    @Override
    public int offset(long handle) {
        return pages.offset((int) handle);
    }

    private int home(long address, long birth) {
        long mixed = (address * 0x9E3779B97F4A7C15L ^ birth) * 0xD6E8FEB86659FD93L;
        return (int) (mixed >>> 32) & addresses.length - 1;
    }

    private int slot(long address, long birth) {
        int slot = home(address, birth);
        while (addresses[slot] != 0 && (addresses[slot] != address || births[slot] != birth)) {
            slot = slot + 1 & addresses.length - 1;
        }
        return slot;
    }

    private void place(int slot, long address, long birth, int page) {
        addresses[slot] = address;
        births[slot] = birth;
        held[slot] = page;
        count++;
    }

    private void grow() {
        long[] oldAddresses = addresses;
        long[] oldBirths = births;
        int[] oldHeld = held;
        addresses = new long[2 * oldAddresses.length];
        births = new long[addresses.length];
        held = new int[addresses.length];
        count = 0;
        for (int i = 0; i < oldAddresses.length; i++) {
            if (oldAddresses[i] != 0) {
                place(slot(oldAddresses[i], oldBirths[i]), oldAddresses[i], oldBirths[i], oldHeld[i]);
            }
        }
        Checks.that(2 * count < addresses.length, "the table has room", count);
    }
}
