package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.NodeSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Blocks the committer has at hand while it changes trees: nodes of old roots, those it has just written, and old
 * data
 * under partly written blocks. Not a cache for clients. Nothing leaves in the middle of a consistency point; between
 * two it is emptied when it has outgrown its budget.
 */
public final class LoadedBlocks implements NodeSource {
    private static final int PAGE_BYTES = 4096;
    private static final int PAGES_PER_CHUNK = 256;

    private final int budgetPages;
    private final List<ByteBuffer> chunks = new ArrayList<>();
    private long[] addresses = new long[1024];
    private long[] births = new long[1024];
    private int[] pages = new int[1024];
    private int used;

    public LoadedBlocks(int budgetPages) {
        this.budgetPages = budgetPages;
    }

    @Override
    public long find(long address, long birth) {
        int at = slot(address);
        return addresses[at] == address && births[at] == birth ? pages[at] : -1;
    }

    @Override
    public ByteBuffer bytes(long handle) {
        return chunks.get((int) handle / PAGES_PER_CHUNK);
    }

    @Override
    public int offset(long handle) {
        return (int) handle % PAGES_PER_CHUNK * PAGE_BYTES;
    }

    /** Takes a copy of the block; a block with the same address is replaced. */
    public void put(long address, long birth, ByteBuffer from, int offset) {
        Checks.that(address > 0, "address 0 is never used", address);
        int at = slot(address);
        if (addresses[at] != address) {
            if (used * 2 >= addresses.length) {
                grow();
                at = slot(address);
            }
            addresses[at] = address;
            pages[at] = used++;
            if (pages[at] / PAGES_PER_CHUNK == chunks.size()) {
                chunks.add(ByteBuffer.allocateDirect(PAGES_PER_CHUNK * PAGE_BYTES)
                        .order(java.nio.ByteOrder.LITTLE_ENDIAN));
            }
        }
        births[at] = birth;
        bytes(pages[at]).put(offset(pages[at]), from, offset, PAGE_BYTES);
    }

    /** Between consistency points: forgets everything if there is more than the budget. */
    public void trim() {
        if (used > budgetPages) {
            java.util.Arrays.fill(addresses, 0);
            used = 0;
            while (chunks.size() * PAGES_PER_CHUNK > budgetPages) {
                chunks.removeLast();
            }
        }
    }

    public int size() {
        return used;
    }

    private int slot(long address) {
        int mask = addresses.length - 1;
        int at = (int) (address * 0x9E3779B97F4A7C15L >>> 40) & mask;
        while (addresses[at] != 0 && addresses[at] != address) {
            at = at + 1 & mask;
        }
        return at;
    }

    private void grow() {
        Checks.that(used * 2 >= addresses.length, "it grows when half full", used);
        long[] oldAddresses = addresses;
        long[] oldBirths = births;
        int[] oldPages = pages;
        addresses = new long[oldAddresses.length * 2];
        births = new long[addresses.length];
        pages = new int[addresses.length];
        for (int i = 0; i < oldAddresses.length; i++) {
            if (oldAddresses[i] != 0) {
                int at = slot(oldAddresses[i]);
                addresses[at] = oldAddresses[i];
                births[at] = oldBirths[i];
                pages[at] = oldPages[i];
            }
        }
    }
}
