package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.sim.random.SimRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/**
 * What one simulated disk holds: the durable bytes, and over them the writes that completed and were not flushed. It
 * knows no time and no processes.
 *
 * <ol>
 *   <li>A block reads as its last completed write left it.
 *   <li>{@code unflushed} is in order of completion; of one block, what an earlier entry holds is older.
 *   <li>Once a durable write or a flush made a block durable, no older entry for it is left.
 *   <li>A doomed entry (its flush failed) is readable and never becomes durable by a flush.
 * </ol>
 */
public final class Medium {
    private static final int UNIT_BYTES = 512;
    private static final int UNITS = PageMap.PAGE_BYTES / UNIT_BYTES;

    private final long blocks;
    private final PageMap durable;
    private final PageMap cached;
    private final PageMap previous = new PageMap();
    private final List<Unflushed> unflushed;
    private final TreeSet<Long> spoiled;
    private long completedWrites;
    private int doomedCount;

    Medium(long blocks) {
        this(blocks, new PageMap(), new PageMap(), new ArrayList<>(), new TreeSet<>());
    }

    private Medium(long blocks, PageMap durable, PageMap cached, List<Unflushed> unflushed, TreeSet<Long> spoiled) {
        this.blocks = blocks;
        this.durable = durable;
        this.cached = cached;
        this.unflushed = unflushed;
        this.spoiled = spoiled;
    }

    /** Length in blocks of 4096 bytes. */
    public long blocks() {
        return blocks;
    }

    /** What a read of {@code block} finds now; never to be changed. */
    public byte[] read(long block) {
        byte[] page = cached.get(block);
        if (page == PageMap.ABSENT) {
            page = durable.get(block);
        }
        return page == PageMap.ABSENT ? PageMap.ZEROES : page;
    }

    /** Blocks that hold something, ascending. */
    public long[] storedBlocks() {
        TreeSet<Long> all = new TreeSet<>();
        Arrays.stream(durable.pages()).forEach(all::add);
        Arrays.stream(cached.pages()).forEach(all::add);
        return all.stream().mapToLong(Long::longValue).toArray();
    }

    /** Flips one bit of {@code block} for good. */
    public void rot(long block, int bit) {
        byte[] page = read(block).clone();
        page[bit >>> 3] ^= (byte) (1 << (bit & 7));
        putDurably(block, page);
    }

    /** Replaces {@code block} for good, whatever it held. */
    public void overwrite(long block, byte[] page) {
        putDurably(block, page.clone());
    }

    /** Makes reads of {@code block} fail until it is written again. */
    public void spoil(long block) {
        spoiled.add(block);
    }

    /** A medium with the same contents that may change while this one must not. */
    Medium fork() {
        List<Unflushed> entries = new ArrayList<>(unflushed.size());
        unflushed.forEach(entry -> entries.add(new Unflushed(entry.sequence, entry.first, entry.pages.clone())));
        Medium fork = new Medium(blocks, durable.fork(), cached.copy(), entries, new TreeSet<>(spoiled));
        fork.completedWrites = completedWrites;
        return fork;
    }

    long completedWrites() {
        return completedWrites;
    }

    int volatileWrites(List<DiskOperation> underWay) {
        return unflushed.size()
                + (int) underWay.stream().filter(DiskOperation::writes).count();
    }

    boolean isSpoiled(long block) {
        return !spoiled.isEmpty() && spoiled.contains(block);
    }

    boolean isStored(long block) {
        return cached.get(block) != PageMap.ABSENT || durable.get(block) != PageMap.ABSENT;
    }

    /** What {@code block} held before its last write, as far as is known. */
    byte[] readStale(long block) {
        byte[] page = previous.get(block);
        return page == PageMap.ABSENT ? PageMap.ZEROES : page;
    }

    /** A write completed: readable, and lost or not at a power cut. */
    void write(long first, byte[][] pages) {
        completedWrites++;
        unflushed.add(new Unflushed(completedWrites, first, pages.clone()));
        for (int i = 0; i < pages.length; i++) {
            remember(first + i);
            cached.put(first + i, pages[i]);
        }
    }

    /** A durable write completed. */
    void writeDurably(long first, byte[][] pages) {
        for (int i = 0; i < pages.length; i++) {
            remember(first + i);
            putDurably(first + i, pages[i]);
        }
    }

    /** A flush that was issued when {@code covered} writes had completed has completed. */
    void flush(long covered) {
        int kept = 0;
        int at = 0;
        while (at < unflushed.size() && unflushed.get(at).sequence <= covered) {
            Unflushed entry = unflushed.get(at++);
            if (entry.doomed) {
                unflushed.set(kept++, entry);
            } else {
                makeDurable(entry, at - 1);
            }
        }
        unflushed.subList(kept, at).clear();
        if (unflushed.isEmpty()) {
            cached.clear();
        }
    }

    /** A flush failed: each write it covered is durable, lost at once, or lost at the next power cut. */
    void failFlush(long covered, SimRandom random) {
        for (int at = 0; at < unflushed.size() && unflushed.get(at).sequence <= covered; at++) {
            Unflushed entry = unflushed.get(at);
            int fate = random.below(3);
            if (fate == 0) {
                makeDurable(entry, at);
                Arrays.fill(entry.pages, PageMap.ABSENT);
            } else if (fate == 1) {
                forget(entry);
            }
            doomedCount += entry.doomed ? 0 : 1;
            entry.doomed = true;
        }
    }

    /** A discard completed: every stored block of the range becomes zeroes, garbage, or stays. */
    void discard(long first, long count, SimRandom random) {
        if (count <= durable.pages().length) {
            for (long block = first; block < first + count; block++) {
                discard(block, random);
            }
            return;
        }
        for (long block : storedBlocks()) {
            if (block >= first && block < first + count) {
                discard(block, random);
            }
        }
    }

    private void discard(long block, SimRandom random) {
        int fate = random.below(4);
        if (fate == 0) {
            byte[] garbage = new byte[PageMap.PAGE_BYTES];
            Arrays.fill(garbage, (byte) 0xDD);
            putDurably(block, garbage);
        } else if (fate != 1) {
            putDurably(block, PageMap.ABSENT);
        }
    }

    /** A crash: decides the fate of every volatile write, and of those {@code underWay}. */
    void crash(Crash crash, List<DiskOperation> underWay) {
        int write = crash.isPowerCut() ? losePower(crash) : unflushed.size();
        for (DiskOperation operation : underWay) {
            if (operation.writes()) {
                byte[][] pages = surviving(crash, write++, operation.firstBlock(), operation.pages(), true);
                if (crash.isPowerCut()) {
                    applyDurably(operation.firstBlock(), pages);
                } else if (pages[0] != PageMap.ABSENT) {
                    write(operation.firstBlock(), pages);
                }
            }
        }
    }

    private int losePower(Crash crash) {
        cached.clear();
        int write = 0;
        for (Unflushed entry : unflushed) {
            applyDurably(entry.first, surviving(crash, write++, entry.first, entry.pages, false));
        }
        unflushed.clear();
        doomedCount = 0;
        return write;
    }

    private byte[][] surviving(Crash crash, int write, long first, byte[][] pages, boolean underWay) {
        byte[][] survived = new byte[pages.length][];
        for (int i = 0; i < pages.length; i++) {
            int units = pages[i] == PageMap.ABSENT ? 0 : crash.units(write, i, underWay);
            survived[i] = mixed(first + i, pages[i], units & Crash.ALL_UNITS);
            if ((units & Crash.STOPPED) != 0 && survived[i] != PageMap.ABSENT) {
                survived[i] = stopped(first + i, survived[i], units);
            }
        }
        return survived;
    }

    /** {@code page} where of the first of its {@code units} only the first half is over what {@code block} holds. */
    private byte[] stopped(long block, byte[] page, int units) {
        byte[] torn = page.clone();
        int half = Integer.numberOfTrailingZeros(units) * UNIT_BYTES + UNIT_BYTES / 2;
        System.arraycopy(read(block), half, torn, half, UNIT_BYTES / 2);
        return torn;
    }

    private void applyDurably(long first, byte[][] pages) {
        for (int i = 0; i < pages.length; i++) {
            if (pages[i] != PageMap.ABSENT) {
                durable.put(first + i, pages[i]);
                spoiled.remove(first + i);
            }
        }
    }

    /** {@code page} with only {@code units} of it written over what {@code block} holds; absent for none. */
    byte[] mixed(long block, byte[] page, int units) {
        if (units == 0) {
            return PageMap.ABSENT;
        }
        if (units == Crash.ALL_UNITS) {
            return page;
        }
        byte[] mixture = read(block).clone();
        for (int unit = 0; unit < UNITS; unit++) {
            if ((units >>> unit & 1) != 0) {
                System.arraycopy(page, unit * UNIT_BYTES, mixture, unit * UNIT_BYTES, UNIT_BYTES);
            }
        }
        return mixture;
    }

    private void makeDurable(Unflushed entry, int at) {
        for (int i = 0; i < entry.pages.length; i++) {
            byte[] page = entry.pages[i];
            if (page != PageMap.ABSENT) {
                long block = entry.first + i;
                durable.put(block, page);
                if (cached.get(block) == page) {
                    cached.put(block, PageMap.ABSENT);
                }
                supersede(block, doomedCount == 0 ? 0 : at);
            }
        }
    }

    private void putDurably(long block, byte[] page) {
        Checks.that(block >= 0 && block < blocks, "inside the disk", block);
        supersede(block, unflushed.size());
        cached.put(block, PageMap.ABSENT);
        durable.put(block, page);
        spoiled.remove(block);
    }

    private void supersede(long block, int before) {
        for (int at = 0; at < before; at++) {
            Unflushed entry = unflushed.get(at);
            if (block >= entry.first && block < entry.first + entry.pages.length) {
                entry.pages[(int) (block - entry.first)] = PageMap.ABSENT;
            }
        }
    }

    private void forget(Unflushed entry) {
        for (int i = 0; i < entry.pages.length; i++) {
            if (cached.get(entry.first + i) == entry.pages[i]) {
                cached.put(entry.first + i, PageMap.ABSENT);
            }
            entry.pages[i] = PageMap.ABSENT;
        }
    }

    private void remember(long block) {
        previous.put(block, read(block));
        spoiled.remove(block);
    }

    private static final class Unflushed {
        final long sequence;
        final long first;
        final byte[][] pages;
        boolean doomed;

        Unflushed(long sequence, long first, byte[][] pages) {
            this.sequence = sequence;
            this.first = first;
            this.pages = pages;
        }
    }
}
