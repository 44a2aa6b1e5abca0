package dev.holdfast.store.cache;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A shard's changes that no root has yet, block by block. It holds no order of its own: a later change simply replaces
 * what it covers. It is not a cache; nothing leaves before {@link #drop}.
 *
 * <ol>
 *   <li>A block has at most one entry, and an entry is newer than every zero range that contains its block.
 *   <li>A whole block written through the memory log is not copied: its entry names the slot, which stays as it is
 * until
 *       the map has been dropped.
 *   <li>Bytes that were never written are never handed out: a page's bits say which are there.
 *   <li>A sealed map never changes again, but for the places that a consistency point notes in it. Until it is dropped,
 *       the committer may read it from its own loop after a message.
 * </ol>
 */
public final class DirtyMap {
    /** {@link #look}: nothing here; look in what lies beneath. */
    public static final int ABSENT = -1;

    /** {@link #look}: the bytes are zero. */
    public static final int ZEROED = -2;

    /** {@link #look}: some byte of the range is lost for good. */
    public static final int LOST = -3;

    /** {@link #look}: some of the bytes are here ({@link #overlay}), the others in what lies beneath. */
    public static final int PARTLY = -4;

    /** Zero ranges up to this many blocks become entries, so that random small trims stay cheap. */
    private static final int FEW_BLOCKS = 8;

    private static final int BLOCK_BYTES = MergePages.PAGE_BYTES;
    private static final int LEAST_CAPACITY = 32;
    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(BLOCK_BYTES);
    private static final byte SLOT = 1;
    private static final byte PAGE = 2;
    private static final byte PART = 3;
    private static final byte ZERO = 4;
    private static final byte GONE = 5;
    private static final byte PART_OVER_GONE = 6;

    private ByteBuffer slots;
    private final MergePages pages;
    private final ZeroRanges zeroes = new ZeroRanges();
    private int[] table;
    private long[] blocks;
    private int[] places;
    private byte[] kinds;
    private int count;
    private int pagesHeld;
    private boolean sealed;
    private int[] order = new int[0];
    private long[] addresses = new long[0];
    private int[] checksums = new int[0];

    /**
     * An empty map over the memory log's {@code slots} and a pool of pages, with room for about {@code expected}
     * blocks.
     */
    public DirtyMap(ByteBuffer slots, MergePages pages, int expected) {
        this.slots = slots;
        this.pages = pages;
        int capacity = Integer.highestOneBit(Math.max(LEAST_CAPACITY, expected));
        table = new int[2 * capacity];
        blocks = new long[capacity];
        places = new int[capacity];
        kinds = new byte[capacity];
    }

    /** Block entries so far: what a consistency point needs space for. */
    public int entries() {
        return count;
    }

    /** Whether it changes nothing at all. */
    public boolean isEmpty() {
        return count == 0 && zeroes.count() == 0;
    }

    /** Pages it holds. */
    public int pagesHeld() {
        return pagesHeld;
    }

    /** The memory log's slots lie in another buffer from now on, those that this map knows of included. */
    public void useSlots(ByteBuffer newSlots) {
        Checks.that(!sealed, "a sealed map does not change");
        slots = newSlots;
    }

    /** The whole block lies in the memory log, at {@code slot}. */
    public void putSlot(long block, int slot) {
        Checks.that(slot >= 0 && (slot + 1L) * BLOCK_BYTES <= slots.capacity(), "the slot is in the memory log", slot);
        place(entry(block), SLOT, slot);
    }

    /** The whole block, copied from {@code from} at {@code at}. */
    public void putCopy(long block, ByteBuffer from, int at) {
        int entry = entry(block);
        int page = ownPage(entry);
        pages.bytes(page).put(pages.offset(page), from, at, BLOCK_BYTES);
        kinds[entry] = PAGE;
    }

    /** Bytes {@code start} .. {@code start + length - 1} of a block, copied from {@code from} at {@code at}. */
    public void putPart(long block, int start, ByteBuffer from, int at, int length) {
        int entry = partEntry(block);
        int page = places[entry];
        pages.bytes(page).put(pages.offset(page) + start, from, at, length);
        held(entry, start, length);
    }

    /** Bytes {@code start} .. {@code start + length - 1} of a block become zero. */
    public void zeroPart(long block, int start, int length) {
        if (isZero(block)) {
            return;
        }
        int entry = partEntry(block);
        int page = places[entry];
        pages.bytes(page).put(pages.offset(page) + start, ZEROES, 0, length);
        held(entry, start, length);
    }

    /** The blocks {@code first} .. {@code first + blockCount - 1} become zero. */
    public void zero(long first, long blockCount) {
        Checks.that(blockCount > 0, "a range has blocks", blockCount);
        if (blockCount <= FEW_BLOCKS) {
            for (long block = first; block < first + blockCount; block++) {
                if (!isZero(block)) {
                    place(entry(block), ZERO, 0);
                }
            }
            return;
        }
        zeroEntries(first, first + blockCount);
        zeroes.add(first, first + blockCount);
    }

    /** The block's bytes are lost: an error to every reader until it is overwritten whole. */
    public void lose(long block) {
        place(entry(block), GONE, 0);
    }

    /**
     * Where the bytes {@code from} .. {@code to - 1} of a block are: an entry (&gt;= 0) for {@link #bytes} and
     * {@link #offset}, or {@link #ABSENT}, {@link #ZEROED}, {@link #LOST}, {@link #PARTLY}.
     */
    public int look(long block, int from, int to) {
        int entry = find(block);
        if (entry < 0) {
            return zeroes.count() > 0 && zeroes.contains(block) ? ZEROED : ABSENT;
        }
        return switch (kinds[entry]) {
            case SLOT, PAGE -> entry;
            case ZERO -> ZEROED;
            case GONE -> LOST;
            default -> lookInPart(entry, from, to);
        };
    }

    /** The buffer in which the block of {@code entry} lies, as {@link #look} found it. */
    public ByteBuffer bytes(int entry) {
        return kinds[entry] == SLOT ? slots : pages.bytes(places[entry]);
    }

    /** Where in {@link #bytes} the block begins. */
    public int offset(int entry) {
        return kinds[entry] == SLOT ? places[entry] * BLOCK_BYTES : pages.offset(places[entry]);
    }

    /**
     * For {@link #PARTLY}: puts the bytes held of {@code from} .. {@code to - 1} into {@code into}, the first at {@code
     * at}.
     */
    public void overlay(long block, int from, int to, ByteBuffer into, int at) {
        int entry = find(block);
        Checks.that(entry >= 0 && isPart(entry), "part of the block is here", block);
        pages.overlay(places[entry], from, to, into, at);
    }

    /** Whether {@code block} is data (true) or a hole; only where {@link #extentEnd} said something is known. */
    public boolean isData(long block) {
        int entry = find(block);
        return entry >= 0 && kinds[entry] != ZERO;
    }

    /** Whether this map says anything of {@code block}. */
    public boolean covers(long block) {
        return find(block) >= 0 || zeroes.contains(block);
    }

    /**
     * The block after {@code block}, at most {@code limit}, where what {@link #covers} and {@link #isData} say may
     * change.
     */
    public long extentEnd(long block, long limit) {
        if (find(block) >= 0) {
            return Math.min(block + 1, limit);
        }
        sort();
        long end = limit;
        int next = positionOf(block);
        if (next < count) {
            end = Math.min(end, blocks[order[next]]);
        }
        int range = zeroes.indexEndingAt(block + 1);
        if (range < zeroes.count()) {
            end = Math.min(end, zeroes.first(range) <= block ? zeroes.end(range) : zeroes.first(range));
        }
        return end;
    }

    /** Nothing will be changed any more. */
    public void seal() {
        Checks.that(!sealed, "a map is sealed once");
        sort();
        addresses = new long[count];
        checksums = new int[count];
        sealed = true;
    }

    /** Gives its pages back; nothing may be asked of it afterwards. */
    public void drop() {
        for (int entry = 0; entry < count; entry++) {
            releasePage(entry);
        }
        Checks.that(pagesHeld == 0, "a dropped map holds no pages", pagesHeld);
        count = 0;
        Arrays.fill(table, 0);
    }

    /** Number of blocks, ascending from index 0; zero ranges are apart. Only of a sealed map, as all below. */
    public int size() {
        Checks.that(sealed, "only sealed changes are handed over");
        return count;
    }

    /** The block at {@code index}. */
    public long block(int index) {
        return blocks[order[index]];
    }

    /** What is held of the block at {@code index}. */
    public DirtyKind kind(int index) {
        return switch (kinds[order[index]]) {
            case SLOT, PAGE -> DirtyKind.WHOLE;
            case PART -> DirtyKind.PARTIAL;
            case ZERO -> DirtyKind.ZERO;
            default -> DirtyKind.UNREADABLE;
        };
    }

    /** Puts the bytes held (WHOLE, PARTIAL) over the 4096 bytes at {@code offset} of {@code page}. */
    public void copyInto(int index, ByteBuffer page, int offset) {
        int entry = order[index];
        if (kinds[entry] == PART) {
            pages.overlay(places[entry], 0, BLOCK_BYTES, page, offset);
            return;
        }
        Checks.that(kinds[entry] == SLOT || kinds[entry] == PAGE, "there are bytes to copy", kinds[entry]);
        page.put(offset, bytes(entry), offset(entry), BLOCK_BYTES);
    }

    /** How many blocks, from {@code index} on and at most {@code most}, lie one behind the other in the memory log. */
    public int slotRun(int index, int most) {
        Checks.that(sealed && index + most <= count, "a run ends with the map", index, most);
        int run = 0;
        while (run < most && isSlot(index + run, places[order[index]] + run)) {
            run++;
        }
        return run;
    }

    /** The {@link #slotRun} of {@code blockCount} blocks where it lies; it stays as it is until the map is dropped. */
    public ByteBuffer slotBytes(int index, int blockCount) {
        Checks.that(slotRun(index, blockCount) == blockCount, "the run lies in the memory log", index, blockCount);
        return slots.slice(places[order[index]] * BLOCK_BYTES, blockCount * BLOCK_BYTES);
    }

    /** Notes where the consistency point has put the block at {@code index}. */
    public void stored(int index, long address, int checksum) {
        Checks.that(sealed && address > 0, "a sealed block goes to an address", address);
        addresses[index] = address;
        checksums[index] = checksum;
    }

    /** Where it was put, 0 if nowhere. */
    public long address(int index) {
        return addresses[index];
    }

    /** CRC32C of the whole block as it was put there. */
    public int checksum(int index) {
        return checksums[index];
    }

    /** Number of zero ranges: ascending, disjoint; the blocks above are newer where they overlap. */
    public int zeroRanges() {
        return zeroes.count();
    }

    /** First block of zero range {@code index}. */
    public long zeroFirst(int index) {
        return zeroes.first(index);
    }

    /** Block after the last of zero range {@code index}. */
    public long zeroEnd(int index) {
        return zeroes.end(index);
    }

    private boolean isSlot(int index, int slot) {
        int entry = order[index];
        return kinds[entry] == SLOT && places[entry] == slot;
    }

    private int lookInPart(int entry, int from, int to) {
        if (pages.holds(places[entry], from, to)) {
            return entry;
        }
        return kinds[entry] == PART ? PARTLY : LOST;
    }

    private boolean isPart(int entry) {
        return kinds[entry] == PART || kinds[entry] == PART_OVER_GONE;
    }

    private boolean isZero(long block) {
        int entry = find(block);
        return entry >= 0 ? kinds[entry] == ZERO : zeroes.contains(block);
    }

    /** Entries of blocks in the range become zero; whichever is less work: asking for each block, or looking at all. */
    private void zeroEntries(long first, long end) {
        if (end - first < count) {
            for (long block = first; block < end; block++) {
                int entry = find(block);
                if (entry >= 0) {
                    place(entry, ZERO, 0);
                }
            }
            return;
        }
        for (int entry = 0; entry < count; entry++) {
            if (blocks[entry] >= first && blocks[entry] < end) {
                place(entry, ZERO, 0);
            }
        }
    }

    private void place(int entry, byte kind, int place) {
        Checks.that(!sealed, "a sealed map does not change");
        releasePage(entry);
        kinds[entry] = kind;
        places[entry] = place;
    }

    /** A page for the entry, its own if it has one. */
    private int ownPage(int entry) {
        Checks.that(!sealed, "a sealed map does not change");
        if (!hasPage(entry)) {
            places[entry] = pages.take();
            pagesHeld++;
        }
        return places[entry];
    }

    private boolean hasPage(int entry) {
        return kinds[entry] == PAGE || isPart(entry);
    }

    private void releasePage(int entry) {
        if (hasPage(entry)) {
            pages.give(places[entry]);
            pagesHeld--;
            kinds[entry] = ZERO;
        }
    }

    /** The block's entry, made into one with a page that holds what this map knew of the block. */
    private int partEntry(long block) {
        boolean zero = isZero(block);
        int entry = entry(block);
        byte before = kinds[entry];
        if (hasPage(entry)) {
            return entry;
        }
        int slot = places[entry];
        int page = ownPage(entry);
        kinds[entry] = before == GONE ? PART_OVER_GONE : PART;
        if (before == SLOT) {
            pages.bytes(page).put(pages.offset(page), slots, slot * BLOCK_BYTES, BLOCK_BYTES);
            kinds[entry] = PAGE;
        } else if (zero) {
            pages.bytes(page).put(pages.offset(page), ZEROES, 0, BLOCK_BYTES);
            kinds[entry] = PAGE;
        }
        return entry;
    }

    private void held(int entry, int start, int length) {
        if (!isPart(entry)) {
            return;
        }
        pages.hold(places[entry], start, start + length);
        if (pages.holds(places[entry], 0, BLOCK_BYTES)) {
            kinds[entry] = PAGE;
        }
    }

    private int find(long block) {
        int mask = table.length - 1;
        int at = home(block, mask);
        while (table[at] != 0) {
            int entry = table[at] - 1;
            if (blocks[entry] == block) {
                return entry;
            }
            at = at + 1 & mask;
        }
        return ABSENT;
    }

    /** The block's entry; a new one says of nothing that it is here, and its kind is set by the caller. */
    private int entry(long block) {
        int entry = find(block);
        if (entry >= 0) {
            return entry;
        }
        Checks.that(!sealed, "a sealed map does not change");
        if (count == blocks.length) {
            grow();
        }
        blocks[count] = block;
        kinds[count] = 0;
        link(count);
        return count++;
    }

    private void link(int entry) {
        int mask = table.length - 1;
        int at = home(blocks[entry], mask);
        while (table[at] != 0) {
            at = at + 1 & mask;
        }
        table[at] = entry + 1;
    }

    private void grow() {
        int capacity = 2 * count;
        blocks = Arrays.copyOf(blocks, capacity);
        places = Arrays.copyOf(places, capacity);
        kinds = Arrays.copyOf(kinds, capacity);
        table = new int[2 * capacity];
        for (int entry = 0; entry < count; entry++) {
            link(entry);
        }
    }

    /** Entries are only ever added and keep their blocks, so an order of the right length is right. */
    private void sort() {
        if (order.length != count) {
            order = BlockOrder.of(blocks, count);
        }
    }

    /** Index of the first block at or after {@code block}. */
    private int positionOf(long block) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = low + high >>> 1;
            if (blocks[order[middle]] < block) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static int home(long block, int mask) {
        return (int) (block * 0x9E3779B97F4A7C15L >>> 32) & mask;
    }
}
