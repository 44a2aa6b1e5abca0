package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.LongList;
import dev.holdfast.base.Mutant;
import java.nio.ByteBuffer;

/**
 * Which blocks of an array may be written, in memory. Its image on the array is written by {@link FreeMapUpdate} and
 * read by {@link FreeMapLoad}.
 *
 * <ul>
 *   <li><b>F1</b> A block that a retained root (the newest, n-1, or the one before it, n-2) reaches is not allocated
 *       while consistency point n runs.
 *   <li><b>F2</b> A block is allocated once in a consistency point, even if it is freed again within it: two writes to
 *       one address are never under way together.
 *   <li><b>F3</b> In image n exactly the bits of blocks that root n or root n-1 reaches or that are {@link HeldSpace}
 *       are set (S4), and that of address 0.
 * </ul>
 *
 * <p>How: a bit is set here while its block may not be allocated. Freeing changes no bit; it puts the address on one of
 * two lists. <i>Deferred</i> (root n-1 reaches it): written down with root n, cleared in image n+1, allocatable in n+2.
 * <i>Clearing</i> (the deferred list of n-1, and what n itself wrote and dropped, so that no root ever reaches it):
 * cleared in image n, allocatable in n+1.
 *
 * <pre>
 *   retire/load ---begin(n)--> OPEN: allocate, free ---FreeMapUpdate--> WRITTEN
 *   WRITTEN ---retire, when root n is durable--> RETIRED
 * </pre>
 *
 * <p>Memory: 32 KiB for each GiB of an array in use, and 16 bytes for each block freed in the last two consistency
 * points.
 */
public final class FreeMap implements Allocator {
    /** Addresses that one bitmap block covers: an <i>area</i>. */
    static final int AREA_BLOCKS = Pointers.BLOCK_BYTES * Byte.SIZE;

    private static final int AREA_BITS = 15;
    /** The biggest array, in blocks: 256 TiB. */
    public static final long MAX_DATA_BLOCKS = ObjectRoot.capacity(OnDisk.MAX_HEIGHT) * AREA_BLOCKS;

    private static final int AREA_WORDS = AREA_BLOCKS / Long.SIZE;

    /** Stands for every area of which nothing is used; never written to. */
    private static final long[] ALL_FREE = new long[AREA_WORDS];

    private enum State {
        /** The newest root is durable and no consistency point is under way. */
        RETIRED,
        /** A consistency point allocates and frees. */
        OPEN,
        /** Its image is settled: nothing is allocated until its root is durable. */
        WRITTEN
    }

    private final long dataBlocks;
    private final long[][] words;
    private final int[] freeInArea;
    private final boolean[] areaDirty;
    private final LongList dirtyAreas = new LongList();
    private final Run single = new Run();
    private final OnDisk onDisk;

    private State state = State.RETIRED;
    private long cp;
    private long freeBlocks;
    private long cursor;
    private final HeldSpace held = new HeldSpace();
    private LongList clearing = new LongList();
    private LongList deferred = new LongList();
    private LongList clearingBirths = new LongList();
    private LongList deferredBirths = new LongList();

    /** The map of an array on which nothing is used; {@code dataBlocks} as the array says. */
    public FreeMap(long dataBlocks) {
        this(dataBlocks, new OnDisk(dataBlocks));
    }

    FreeMap(long dataBlocks, OnDisk onDisk) {
        Checks.that(dataBlocks > 1 && dataBlocks <= MAX_DATA_BLOCKS, "an array is within reach", dataBlocks);
        this.dataBlocks = dataBlocks;
        this.onDisk = onDisk;
        int areas = areas(dataBlocks);
        this.words = new long[areas][];
        this.freeInArea = new int[areas];
        this.areaDirty = new boolean[areas];
        for (int area = 0; area < areas; area++) {
            words[area] = ALL_FREE;
            freeInArea[area] = areaLength(area);
        }
        freeBlocks = dataBlocks;
        setBits(0, 1);
    }

    static int areas(long dataBlocks) {
        return (int) (dataBlocks + AREA_BLOCKS - 1 >>> AREA_BITS);
    }

    /** Starts consistency point {@code newCp}, whose predecessor's root is durable. */
    public void begin(long newCp) {
        Checks.that(state == State.RETIRED, "one consistency point at a time", newCp, cp);
        Checks.that(newCp > cp, "consistency points ascend", newCp, cp);
        state = State.OPEN;
        cp = newCp;
        if (!held.isIdle()) {
            hold(newCp - 1);
        }
        for (int i = 0; i < clearing.size(); i++) {
            touchArea(area(clearing.get(i)));
        }
    }

    /** What {@code freedIn} freed and a root of the twin reaches is not cleared; what was held before may be. */
    private void hold(long freedIn) {
        LongList freed = clearing;
        Checks.that(state == State.OPEN && freedIn == cp - 1, "what the one before freed", freedIn, cp);
        clearing = new LongList();
        held.release(clearing);
        for (int i = 0; i < freed.size(); i++) {
            long birth = i < clearingBirths.size() ? clearingBirths.get(i) : 0;
            if (held.needs(birth, freedIn)) {
                held.hold(freed.get(i), birth, freedIn);
            } else {
                clearing.add(freed.get(i));
            }
        }
    }

    /** What a root of the pool's twin still reaches. */
    public HeldSpace held() {
        return held;
    }

    /**
     * Takes the next free run, at most {@code wanted} blocks. Runs follow one another upwards through an area of 128
     * MiB, then through the next area that is at least half as free as the average, so they are long while space is.
     *
     * @return false when no block is free
     */
    public boolean allocate(long wanted, Run out) {
        Checks.that(state == State.OPEN, "blocks are allocated within a consistency point", cp);
        Checks.that(wanted > 0, "at least one block is wanted", wanted);
        if (freeBlocks == 0) {
            return false;
        }
        seek();
        int from = (int) (cursor & AREA_BLOCKS - 1);
        int area = area(cursor);
        int limit = (int) Math.min(areaLength(area), from + wanted);
        out.address = cursor;
        out.blocks = nextBit(words[area], from, limit, true) - from;
        setBits(cursor, out.blocks);
        touchArea(area);
        cursor += out.blocks;
        return true;
    }

    @Override
    public long allocate() {
        Checks.that(allocate(1, single), "admission keeps back what a consistency point needs", freeBlocks);
        return single.address;
    }

    /** The block is not reached by root {@code cp} of the running consistency point, nor by any snapshot. */
    public void free(long address, long birth) {
        Checks.that(state == State.OPEN, "blocks are freed within a consistency point", cp);
        Checks.that(birth > 0 && birth <= cp, "a block was born by now", address, birth, cp);
        Checks.that(isTaken(address), "only a used block is freed", address, birth);
        if (Mutant.on("tree.reuse-freed-early")) {
            touchArea(area(address));
            clearBit(address);
        } else if (birth == cp) {
            clearing.add(address);
        } else {
            deferred.add(address);
            deferredBirths.add(birth);
        }
    }

    /** Root {@code cp} is durable: what it has freed for the root before it may be allocated. */
    public void retire() {
        Checks.that(state == State.WRITTEN, "a root is durable after its free map was written", cp);
        Checks.that(clearing.isEmpty() && dirtyAreas.isEmpty(), "the image is settled", clearing.size());
        LongList empty = clearing;
        clearing = deferred;
        deferred = empty;
        LongList births = clearingBirths;
        clearingBirths = deferredBirths;
        deferredBirths = births;
        deferredBirths.clear();
        if (Mutant.on("tree.deferred-not-carried")) {
            clearing.clear();
        }
        state = State.RETIRED;
    }

    /** Blocks of the array; addresses are 1 .. dataBlocks - 1. */
    public long dataBlocks() {
        return dataBlocks;
    }

    /** Blocks that may be allocated now. */
    public long freeBlocks() {
        return freeBlocks;
    }

    /** Blocks that become free by themselves with this consistency point and the next. */
    public long pendingBlocks() {
        return (long) clearing.size() + deferred.size();
    }

    /** Blocks that the newest root reaches, and those allocated since. */
    public long usedBlocks() {
        return dataBlocks - 1 - freeBlocks - pendingBlocks();
    }

    /**
     * Blocks that writing the image and the deferred list takes at most, if {@code moreFreed} more blocks are freed
     * until then. Those that they replace come back with the second root from now, so whoever wants to go on for ever
     * keeps three times as many.
     */
    public long reserveBlocks(long moreFreed) {
        long image = words.length + nodes(words.length);
        long entries = deferred.size() + moreFreed + onDisk.listBlocks().size() + image;
        long list = FreeMapUpdate.listBlocks(entries);
        return image + list + nodes(list);
    }

    /** Nodes above {@code blocks} blocks without a gap. */
    private static long nodes(long blocks) {
        long sum = 0;
        for (long level = blocks; level > 1; sum += level) {
            level = Math.ceilDiv(level, Pointers.FAN_OUT);
        }
        return sum;
    }

    /** Whether the block may not be allocated. */
    public boolean isTaken(long address) {
        Checks.that(address >= 0 && address < dataBlocks, "an address is within the array", address, dataBlocks);
        return (words[area(address)][word(address)] >>> address & 1) != 0;
    }

    /** The image as the newest root has it. */
    public ObjectRoot imageRoot() {
        return onDisk.image();
    }

    /** The deferred list as the newest root has it. */
    public ObjectRoot deferredRoot() {
        return onDisk.deferred();
    }

    OnDisk onDisk() {
        return onDisk;
    }

    long cp() {
        return cp;
    }

    LongList deferredList() {
        return deferred;
    }

    /** Areas whose image changes with this consistency point, in the order in which that was noticed. */
    LongList dirtyAreas() {
        return dirtyAreas;
    }

    /** Ends allocating and brings the bits to what image {@code cp} is to say. */
    void settle() {
        Checks.that(state == State.OPEN, "a free map is settled once", cp);
        state = State.WRITTEN;
        for (int i = 0; i < clearing.size(); i++) {
            clearBit(clearing.get(i));
        }
        clearing.clear();
    }

    /** Forgets which areas were dirty; their images are written. */
    void written() {
        for (int i = 0; i < dirtyAreas.size(); i++) {
            areaDirty[(int) dirtyAreas.get(i)] = false;
        }
        dirtyAreas.clear();
    }

    /** Copies the bits of an area to where its image is made. */
    void copyArea(int area, ByteBuffer bytes, int offset) {
        long[] bits = words[area];
        for (int i = 0; i < AREA_WORDS; i++) {
            bytes.putLong(offset + i * Long.BYTES, bits[i]);
        }
    }

    /** Takes an area's image; false when it says what cannot be. */
    boolean loadArea(int area, ByteBuffer bytes, int offset) {
        long[] bits = new long[AREA_WORDS];
        int set = 0;
        for (int i = 0; i < AREA_WORDS; i++) {
            bits[i] = bytes.getLong(offset + i * Long.BYTES);
            set += Long.bitCount(bits[i]);
        }
        int length = areaLength(area);
        boolean sound = nextBit(bits, length, AREA_BLOCKS, true) == AREA_BLOCKS && (area > 0 || (bits[0] & 1) != 0);
        if (sound) {
            freeBlocks += length - set - freeInArea[area];
            freeInArea[area] = length - set;
            words[area] = bits;
        }
        return sound;
    }

    /** Takes an address of the deferred list of the newest root; false when it can't be one. */
    boolean loadDeferred(long address) {
        boolean sound = address > 0 && address < dataBlocks && isTaken(address);
        if (sound) {
            clearing.add(address);
        }
        return sound;
    }

    private static int area(long address) {
        return (int) (address >>> AREA_BITS);
    }

    private static int word(long address) {
        return (int) (address & AREA_BLOCKS - 1) / Long.SIZE;
    }

    private int areaLength(int area) {
        return (int) Math.min(AREA_BLOCKS, dataBlocks - ((long) area << AREA_BITS));
    }

    private void touchArea(int area) {
        if (!areaDirty[area]) {
            areaDirty[area] = true;
            dirtyAreas.add(area);
        }
    }

    /** Moves the cursor to a free block; there is one. */
    private void seek() {
        int area = cursor < dataBlocks ? area(cursor) : words.length - 1;
        int from = (int) (cursor - ((long) area << AREA_BITS));
        int length = areaLength(area);
        int bit = from >= length ? length : nextBit(words[area], from, length, false);
        if (bit == length) {
            area = nextArea(area);
            length = areaLength(area);
            bit = nextBit(words[area], 0, length, false);
        }
        Checks.that(bit < length, "an area counts its free blocks", area, freeInArea[area]);
        cursor = ((long) area << AREA_BITS) + bit;
    }

    /** The next area, going round, that is at least half as free as the average. */
    private int nextArea(int area) {
        long enough = Math.max(1, freeBlocks / words.length / 2);
        for (int i = 1; i <= words.length; i++) {
            int candidate = (area + i) % words.length;
            if (freeInArea[candidate] >= enough) {
                return candidate;
            }
        }
        throw Checks.unreachable("some area is as free as the average");
    }

    /** The first bit from {@code from} on that is set (or clear), or {@code limit}. */
    private static int nextBit(long[] bits, int from, int limit, boolean set) {
        int at = from;
        while (at < limit) {
            long word = set ? bits[at / Long.SIZE] : ~bits[at / Long.SIZE];
            word = word >>> at;
            if (word != 0) {
                return Math.min(limit, at + Long.numberOfTrailingZeros(word));
            }
            at = (at | Long.SIZE - 1) + 1;
        }
        return limit;
    }

    /** Sets bits that are clear; they lie in one area. */
    private void setBits(long address, long count) {
        int area = area(address);
        if (words[area] == ALL_FREE) {
            words[area] = new long[AREA_WORDS];
        }
        long[] bits = words[area];
        int at = (int) (address & AREA_BLOCKS - 1);
        int end = (int) (at + count);
        while (at < end) {
            int next = Math.min(end, (at | Long.SIZE - 1) + 1);
            long mask = -1L >>> Long.SIZE - (next - at) << at;
            Checks.that((bits[at / Long.SIZE] & mask) == 0, "a block is allocated once", address, count);
            bits[at / Long.SIZE] |= mask;
            at = next;
        }
        freeInArea[area] -= (int) count;
        freeBlocks -= count;
    }

    private void clearBit(long address) {
        int area = area(address);
        Checks.that(areaDirty[area], "an area whose image changes is known to be", area);
        Checks.that(isTaken(address), "a block is freed once", address);
        words[area][word(address)] &= ~(1L << address);
        freeInArea[area]++;
        freeBlocks++;
    }

    /**
     * What the newest root says about the free map, kept in memory so that writing the next one reads nothing: the
     * image's nodes and the blocks that the deferred list itself takes. Not the bits; those are the {@link FreeMap}'s.
     */
    static final class OnDisk {
        /** The highest image: 2^21 areas, 256 TiB. */
        static final int MAX_HEIGHT = 4;

        private final PagePool pages;
        private final NodeTable nodes;
        private final LongList listBlocks = new LongList();
        private ObjectRoot image;
        private ObjectRoot deferred = ObjectRoot.EMPTY;

        /** Nothing is stored yet. */
        OnDisk(long dataBlocks) {
            this(dataBlocks, ObjectRoot.empty(areas(dataBlocks)), ObjectRoot.EMPTY);
        }

        OnDisk(long dataBlocks, ObjectRoot image, ObjectRoot deferred) {
            long mostNodes = 64 + areas(dataBlocks) / 8 + dataBlocks / Pointers.BLOCK_BYTES;
            this.pages = new PagePool((int) Math.min(Integer.MAX_VALUE / 2, mostNodes));
            this.nodes = new NodeTable(pages);
            become(image, deferred);
        }

        /** Pages for the nodes and for whoever writes the next image. */
        PagePool pages() {
            return pages;
        }

        /** Every node of the image. */
        NodeTable nodes() {
            return nodes;
        }

        /** Addresses of the blocks, data and nodes, that the deferred list takes. */
        LongList listBlocks() {
            return listBlocks;
        }

        ObjectRoot image() {
            return image;
        }

        ObjectRoot deferred() {
            return deferred;
        }

        /** A newer pair. */
        void become(ObjectRoot newImage, ObjectRoot newDeferred) {
            Checks.that(newImage.height() <= MAX_HEIGHT, "an image covers 2^21 areas", newImage.height());
            image = newImage;
            deferred = newDeferred;
        }
    }
}
