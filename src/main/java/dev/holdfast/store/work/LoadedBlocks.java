package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.NodeSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Blocks the committer has at hand while it changes trees: nodes of old roots, those it has just written, and old data
 * under partly written blocks. Not a cache for clients.
 *
 * <p>Nothing leaves in the middle of a consistency point. Between two, when the young blocks have outgrown half of the
 * budget, they become the old ones, and those that were old leave: so what the last consistency point wrote is at hand
 * for the next.
 */
public final class LoadedBlocks implements NodeSource {
    private static final int PAGE_BYTES = 4096;
    private static final int PAGES_PER_CHUNK = 256;

    private final int budgetPages;
    private Generation young = new Generation();
    private Generation old = new Generation();
    private int youngParity;

    /** Keeps about {@code budgetPages} blocks from one consistency point to the next. */
    public LoadedBlocks(int budgetPages) {
        Checks.that(budgetPages > 0, "some blocks are kept", budgetPages);
        this.budgetPages = budgetPages;
    }

    @Override
    public long find(long address, long birth) {
        int page = young.find(address, birth);
        if (page >= 0) {
            return 2L * page + youngParity;
        }
        page = old.find(address, birth);
        return page < 0 ? -1 : 2L * page + (1 - youngParity);
    }

    @Override
    public ByteBuffer bytes(long handle) {
        return generation(handle).chunks.get((int) (handle >> 1) / PAGES_PER_CHUNK);
    }

    @Override
    public int offset(long handle) {
        return (int) (handle >> 1) % PAGES_PER_CHUNK * PAGE_BYTES;
    }

    /** Takes a copy of the block; a block with the same address is replaced. */
    public void put(long address, long birth, ByteBuffer from, int offset) {
        Checks.that(address > 0, "address 0 is never used", address);
        long handle = 2L * young.place(address, birth) + youngParity;
        bytes(handle).put(offset(handle), from, offset, PAGE_BYTES);
    }

    /** Between consistency points: all leave, so that they are read again. */
    public void forget() {
        young.clear(budgetPages / 2);
        old.clear(budgetPages / 2);
    }

    /** Between consistency points: the oldest leave if there are more than the budget. */
    public void trim() {
        if (young.used > budgetPages / 2) {
            Generation left = old;
            left.clear(budgetPages / 2);
            old = young;
            young = left;
            youngParity = 1 - youngParity;
        }
    }

    /** Blocks at hand. */
    public int size() {
        return young.used + old.used;
    }

    private Generation generation(long handle) {
        return (handle & 1) == youngParity ? young : old;
    }

    /** Blocks that came in between two trims, by address. */
    private static final class Generation {
        private static final int LEAST_PLACES = 1024;

        final List<ByteBuffer> chunks = new ArrayList<>();
        private long[] addresses = new long[LEAST_PLACES];
        private long[] births = new long[LEAST_PLACES];
        private int[] pages = new int[LEAST_PLACES];
        private int used;

        int find(long address, long birth) {
            int at = slot(address);
            return addresses[at] == address && births[at] == birth ? pages[at] : -1;
        }

        /** The page for a block, a new one unless its address has one. */
        int place(long address, long birth) {
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
                            .order(ByteOrder.LITTLE_ENDIAN));
                }
            }
            births[at] = birth;
            return pages[at];
        }

        /** Forgets everything, and the memory of more than {@code keepPages}. */
        void clear(int keepPages) {
            Arrays.fill(addresses, 0);
            used = 0;
            while (chunks.size() * PAGES_PER_CHUNK > keepPages + PAGES_PER_CHUNK) {
                chunks.removeLast();
            }
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
}
