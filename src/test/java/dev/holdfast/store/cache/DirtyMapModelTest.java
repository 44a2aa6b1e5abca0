package dev.holdfast.store.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Violation;
import dev.holdfast.sim.random.SimRandom;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A dirty map against bytes that are absent, known or lost; a failing seed is in the test's name. */
final class DirtyMapModelTest {
    private static final int BLOCKS = 200;
    private static final int SLOTS = 400;
    private static final byte KNOWN = 1;
    private static final byte LOST = 2;

    private final ByteBuffer slots = ByteBuffer.allocateDirect(SLOTS * 4096);
    private final MergePages pages = new MergePages(4096);
    private final byte[] state = new byte[BLOCKS * 4096];
    private final byte[] value = new byte[BLOCKS * 4096];
    private final boolean[] touched = new boolean[BLOCKS];
    private DirtyMap map = new DirtyMap(slots, pages, 0);
    private SimRandom random;
    private int nextSlot;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void itHoldsWhatWasLastPutAndNothingElse(long seed) {
        random = new SimRandom(seed);
        for (int step = 0; step < 3_000 && nextSlot < SLOTS; step++) {
            change();
            check(random.below(BLOCKS));
            if (step % 100 == 0) {
                checkAll();
            }
        }
        checkAll();
        map.seal();
        checkAll();
        checkHandedOver();
        map.drop();
        assertEquals(0, pages.pagesTaken(), "pages come back");
    }

    @Test
    void aRunEndsWhereSlotsDoNotFollowOneAnother() {
        for (int slot = 0; slot < 20; slot++) {
            slots.put(slot * 4096, (byte) slot);
        }
        map.putSlot(10, 3);
        map.putSlot(11, 4);
        map.putSlot(13, 5);
        map.putSlot(14, 7);
        map.putCopy(15, slots, 8 * 4096);
        map.seal();
        assertEquals(3, map.slotRun(0, 5), "blocks need not follow one another, slots do");
        assertEquals(2, map.slotRun(0, 2));
        assertEquals(1, map.slotRun(3, 2), "a copy lies elsewhere");
        assertEquals(0, map.slotRun(4, 1));
        ByteBuffer run = map.slotBytes(0, 3);
        assertEquals(3 * 4096, run.remaining());
        assertEquals(5, run.get(2 * 4096));
        assertThrows(Violation.class, () -> map.slotBytes(0, 4));
        map.drop();
    }

    private void change() {
        int block = random.below(BLOCKS);
        int from = random.below(4096);
        int to = from + 1 + random.below(4096 - from);
        switch (random.below(12)) {
            case 0, 1 -> putSlot(block);
            case 2 -> {
                int slot = fillSlot();
                map.putCopy(block, slots, slot * 4096);
                known(block, 0, 4096, slot * 4096);
            }
            case 3, 4, 5, 6 -> {
                int slot = random.below(SLOTS);
                map.putPart(block, from, slots, slot * 4096 + from, to - from);
                known(block, from, to, slot * 4096);
            }
            case 7, 8 -> {
                map.zeroPart(block, from, to - from);
                zero(block * 4096 + from, block * 4096 + to);
            }
            case 9 -> zeroBlocks(block, 1 + random.below(Math.min(6, BLOCKS - block)));
            case 10 -> zeroBlocks(block, 1 + random.below(Math.min(60, BLOCKS - block)));
            default -> {
                if (random.oneIn(10)) {
                    map.lose(block);
                    java.util.Arrays.fill(state, block * 4096, block * 4096 + 4096, LOST);
                    touched[block] = true;
                }
            }
        }
    }

    private void putSlot(int block) {
        int slot = fillSlot();
        map.putSlot(block, slot);
        known(block, 0, 4096, slot * 4096);
    }

    private int fillSlot() {
        int slot = nextSlot++ % SLOTS;
        for (int i = 0; i < 4096; i += 8) {
            slots.putLong(slot * 4096 + i, random.nextLong());
        }
        return slot;
    }

    private void known(int block, int from, int to, int slotAt) {
        for (int i = from; i < to; i++) {
            state[block * 4096 + i] = KNOWN;
            value[block * 4096 + i] = slots.get(slotAt + i);
        }
        touched[block] = true;
    }

    private void zeroBlocks(int first, int count) {
        map.zero(first, count);
        zero(first * 4096, (first + count) * 4096);
    }

    private void zero(int from, int to) {
        for (int i = from; i < to; i++) {
            state[i] = KNOWN;
            value[i] = 0;
            touched[i / 4096] = true;
        }
    }

    private void checkAll() {
        for (int block = 0; block < BLOCKS; block++) {
            check(block);
        }
        checkExtents();
    }

    private void check(int block) {
        int from = random.oneIn(2) ? 0 : random.below(4096);
        int to = from == 0 ? 4096 : from + 1 + random.below(4096 - from);
        int entry = map.look(block, from, to);
        assertEquals(touched[block], map.covers(block), "block " + block);
        ByteBuffer seen = ByteBuffer.allocate(4096);
        byte[] found = new byte[4096];
        if (entry >= 0) {
            seen.put(0, map.bytes(entry), map.offset(entry), 4096);
            java.util.Arrays.fill(found, KNOWN);
        } else if (entry == DirtyMap.ZEROED) {
            java.util.Arrays.fill(found, KNOWN);
        } else if (entry == DirtyMap.PARTLY) {
            for (int i = from; i < to; i++) {
                seen.put(i, (byte) ~value[block * 4096 + i]);
            }
            map.overlay(block, from, to, seen, from);
        }
        boolean anyLost = false;
        for (int i = from; i < to; i++) {
            byte must = state[block * 4096 + i];
            anyLost |= must == LOST;
            boolean here = found[i] == KNOWN || entry == DirtyMap.PARTLY && seen.get(i) == value[block * 4096 + i];
            assertEquals(must == KNOWN, here || must == KNOWN && entry == DirtyMap.LOST, "byte " + i + " of " + block);
            if (here) {
                assertEquals(value[block * 4096 + i], seen.get(i), "byte " + i + " of block " + block);
            }
        }
        assertEquals(anyLost, entry == DirtyMap.LOST, "lost bytes are an error, of block " + block);
    }

    private void checkExtents() {
        long block = 0;
        while (block < BLOCKS) {
            long end = map.extentEnd(block, BLOCKS);
            assertTrue(end > block && end <= BLOCKS, "an extent goes on");
            for (long b = block; b < end; b++) {
                assertEquals(map.covers(block), map.covers(b));
                assertEquals(map.isData(block), map.isData(b));
            }
            block = end;
        }
    }

    /** What a consistency point makes of it, over a base of nines, is what the model says. */
    private void checkHandedOver() {
        byte[] disk = new byte[BLOCKS * 4096];
        byte[] readable = new byte[BLOCKS];
        java.util.Arrays.fill(disk, (byte) 9);
        for (int i = 0; i < map.zeroRanges(); i++) {
            assertTrue(i == 0 || map.zeroFirst(i) > map.zeroEnd(i - 1), "zero ranges ascend");
            java.util.Arrays.fill(disk, (int) map.zeroFirst(i) * 4096, (int) map.zeroEnd(i) * 4096, (byte) 0);
        }
        ByteBuffer page = ByteBuffer.allocateDirect(5000);
        for (int i = 0; i < map.size(); i++) {
            int block = (int) map.block(i);
            assertTrue(i == 0 || block > map.block(i - 1), "blocks ascend");
            page.put(100, disk, block * 4096, 4096);
            switch (map.kind(i)) {
                case WHOLE, PARTIAL -> map.copyInto(i, page, 100);
                case ZERO -> page.put(100, new byte[4096]);
                case UNREADABLE -> readable[block] = 1;
            }
            page.get(100, disk, block * 4096, 4096);
            map.stored(i, 1000 + i, i);
            assertEquals(1000 + i, map.address(i));
        }
        for (int i = 0; i < disk.length; i++) {
            if (readable[i / 4096] == 0) {
                assertFalse(state[i] == LOST, "a lost byte is not stored, at " + i);
                assertEquals(state[i] == KNOWN ? value[i] : 9, disk[i], "byte " + i);
            }
        }
    }

    @Test
    void aSealedMapDoesNotChange() {
        map.putSlot(3, 1);
        map.seal();
        assertThrows(Violation.class, () -> map.putSlot(4, 2));
        assertThrows(Violation.class, () -> map.putSlot(3, 2));
        assertThrows(Violation.class, () -> map.zeroPart(3, 0, 5));
        assertThrows(Violation.class, map::seal);
    }

    @Test
    void zeroingTheWholeDiskIsOneRangeWhateverItsSize() {
        for (int i = 0; i < 100; i++) {
            map.putSlot(i * 1000L, i);
        }
        map.zero(0, 1L << 32);
        map.putSlot(77, 5);
        map.seal();
        assertEquals(1, map.zeroRanges());
        assertEquals(1L << 32, map.zeroEnd(0));
        assertTrue(map.size() <= 101, "nothing per block");
        assertEquals(DirtyMap.ZEROED, map.look(1L << 31, 0, 4096));
        assertEquals(DirtyMap.ABSENT, map.look(1L << 32, 0, 4096));
    }

    @Test
    void anyBlockNumbersAreHandedOverInOrder() {
        SimRandom anything = new SimRandom(17);
        java.util.TreeMap<Long, Integer> model = new java.util.TreeMap<>();
        for (int i = 0; i < 20_000; i++) {
            long block = anything.nextLong() >>> 22 + anything.below(40);
            map.putSlot(block, i % SLOTS);
            model.put(block, i % SLOTS);
        }
        map.seal();
        assertEquals(model.size(), map.size());
        int index = 0;
        for (long block : model.keySet()) {
            assertEquals(block, map.block(index++));
            int entry = map.look(block, 0, 4096);
            assertEquals(model.get(block) * 4096, map.offset(entry));
        }
    }

    @Test
    void anUnsealedMapIsNotHandedOver() {
        assertThrows(Violation.class, map::size);
    }
}
