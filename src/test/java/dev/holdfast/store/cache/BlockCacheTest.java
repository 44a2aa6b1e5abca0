package dev.holdfast.store.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Violation;
import dev.holdfast.sim.random.SimRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BlockCacheTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aFoundBlockIsTheRightOneAndAPinnedOneStays(long seed) {
        SimRandom random = new SimRandom(seed);
        BlockCache cache = new BlockCache(100);
        List<long[]> pinned = new ArrayList<>();
        for (int step = 0; step < 50_000; step++) {
            long address = 1 + random.below(300);
            long birth = 1 + random.below(3);
            int frame = (int) cache.find(address, birth);
            if (frame >= 0) {
                assertEquals(address * 10 + birth, cache.bytes(frame).getLong(cache.offset(frame)));
            } else if (cache.locate(address, birth) < 0) {
                frame = put(cache, address, birth, random.oneIn(5));
            }
            if (frame >= 0 && random.oneIn(10) && pinned.size() < 60) {
                cache.pin(frame);
                pinned.add(new long[] {address, birth, frame});
            }
            if (!pinned.isEmpty() && random.oneIn(9)) {
                cache.unpin((int) pinned.remove(random.below(pinned.size()))[2]);
            }
            for (long[] pin : pinned) {
                assertEquals(pin[2], cache.locate(pin[0], pin[1]), "a pinned block stays where it is");
            }
        }
        assertEquals(100, cache.inUse());
    }

    @Test
    void aCacheThatGrowsKeepsWhatItHas() {
        BlockCache cache = new BlockCache(1024);
        for (int address = 1; address <= 1500; address++) {
            put(cache, address, 2, false);
        }
        int pinned = cache.locate(1500, 2);
        cache.pin(pinned);
        assertTrue(cache.isFull() && cache.canGrow());
        cache.grow(3 * 1024);
        assertEquals(4 * 1024, cache.frames());
        assertEquals(1024, cache.inUse(), "nothing is lost");
        assertEquals(pinned, cache.locate(1500, 2), "and nothing moves");
        for (int address = 2000; address < 2000 + 3 * 1024; address++) {
            put(cache, address, 2, false);
        }
        assertTrue(cache.isFull());
        for (int address = 2000; address < 2000 + 3 * 1024; address++) {
            int frame = (int) cache.find(address, 2);
            assertEquals(address * 10 + 2, cache.bytes(frame).getLong(cache.offset(frame)));
        }
        assertThrows(Violation.class, () -> new BlockCache(1000).grow(1024), "half a chunk stays half a chunk");
    }

    private static int put(BlockCache cache, long address, long birth, boolean node) {
        int frame = cache.insert(address, birth, node);
        assertEquals(-1, cache.find(address, birth), "a block that is being read is not found");
        cache.bytes(frame).putLong(cache.offset(frame), address * 10 + birth);
        cache.ready(frame);
        return frame;
    }

    @Test
    void aScanOfDataLeavesNodesAndUsedData() {
        BlockCache cache = new BlockCache(1000);
        for (int i = 1; i <= 100; i++) {
            put(cache, i, 1, true);
        }
        for (int i = 101; i <= 200; i++) {
            put(cache, i, 1, false);
        }
        for (int i = 1000; i < 6000; i++) {
            put(cache, i, 1, false);
            if (i % 100 == 0) {
                for (int used = 1; used <= 200; used++) {
                    cache.find(used, 1);
                }
            }
        }
        int left = 0;
        for (int i = 1; i <= 200; i++) {
            left += cache.locate(i, 1) >= 0 ? 1 : 0;
        }
        assertEquals(200, left);
    }

    @Test
    void nothingIsEvictedWhenEverythingIsNeeded() {
        BlockCache cache = new BlockCache(10);
        for (int i = 1; i <= 9; i++) {
            cache.pin(put(cache, i, 1, false));
        }
        int loading = cache.insert(10, 1, false);
        assertEquals(-1, cache.insert(11, 1, false));
        cache.ready(loading);
        assertEquals(loading, cache.insert(11, 1, false));
    }

    @Test
    void aBlockThatCannotBeReadIsNeverFoundAndItsFrameComesBack() {
        BlockCache cache = new BlockCache(10);
        int frame = cache.insert(5, 1, false);
        cache.pin(frame);
        cache.bad(frame);
        assertEquals(-1, cache.find(5, 1));
        assertTrue(cache.isBad(cache.locate(5, 1)));
        cache.forget(frame);
        assertEquals(-1, cache.locate(5, 1));
        assertNotEquals(frame, cache.insert(5, 1, false), "a pinned frame is not used again");
        cache.unpin(frame);
        assertEquals(frame, cache.insert(6, 1, false));
    }

    @Test
    void anotherBirthIsAnotherBlock() {
        BlockCache cache = new BlockCache(10);
        put(cache, 5, 1, false);
        assertEquals(-1, cache.find(5, 2));
    }

    @Test
    void unpinningMoreThanWasPinnedIsNoticed() {
        BlockCache cache = new BlockCache(10);
        int frame = put(cache, 5, 1, false);
        assertThrows(Violation.class, () -> cache.unpin(frame));
    }
}
