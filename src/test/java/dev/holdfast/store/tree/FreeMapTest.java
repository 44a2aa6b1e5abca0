package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Violation;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FreeMapTest {
    private static final int AREA = FreeMap.AREA_BLOCKS;

    private final Run run = new Run();
    private FreeMap map = new FreeMap(4 * AREA);
    private long cp;

    private void begin() {
        cp++;
        map.begin(cp);
    }

    private void commit() {
        FreeMapUpdate update = new FreeMapUpdate(map, (address, bytes, offset) -> {});
        while (!update.step(100)) {
            assertTrue(map.freeBlocks() >= 0);
        }
        map.retire();
    }

    @Test
    void anEmptyMapGivesWholeAreasInOneRun() {
        begin();
        assertTrue(map.allocate(Long.MAX_VALUE - AREA, run));
        assertEquals(1, run.address);
        assertEquals(AREA - 1, run.blocks);
        assertTrue(map.allocate(10, run));
        assertEquals(AREA, run.address);
        assertTrue(map.allocate(10, run));
        assertEquals(AREA + 10, run.address);
    }

    @Test
    void aFullMapSaysSoAndGivesNothing() {
        begin();
        long given = 0;
        while (map.allocate(1000, run)) {
            given += run.blocks;
        }
        assertEquals(4L * AREA - 1, given);
        assertEquals(0, map.freeBlocks());
        assertThrows(Violation.class, map::allocate);
    }

    @Test
    void anAreaThatIsNearlyFullIsPassedOver() {
        begin();
        while (map.allocate(1000, run) && map.freeBlocks() > AREA) {
            assertTrue(run.blocks > 0);
        }
        commit();
        begin();
        for (int i = 0; i < 1000; i++) {
            map.free(100 + 3 * i, cp - 1);
        }
        for (int i = 0; i < 20_000; i++) {
            map.free(AREA + i, cp - 1);
        }
        commit();
        begin();
        commit();
        begin();
        do {
            map.allocate(20_000, run);
        } while (run.address >= 3 * AREA);
        assertEquals(AREA, run.address, "the second area, not the crumbs of the first");
        assertEquals(20_000, run.blocks);
    }

    @Test
    void freedBlocksComeBackAfterTwoRoots() {
        begin();
        map.allocate(100, run);
        long address = run.address + 50;
        commit();
        begin();
        map.free(address, cp - 1);
        assertTrue(map.isTaken(address));
        commit();
        assertTrue(map.isTaken(address), "root n-1 reaches it");
        begin();
        commit();
        assertFalse(map.isTaken(address));
    }

    @Test
    void whatOneConsistencyPointWroteAndDroppedComesBackAfterIt() {
        begin();
        map.allocate(100, run);
        map.free(run.address + 7, cp);
        assertTrue(map.isTaken(run.address + 7), "not again in the same");
        commit();
        assertFalse(map.isTaken(run.address + 7));
    }

    @Test
    void nothingIsAllocatedBetweenTheImageAndItsRoot() {
        assertThrows(Violation.class, () -> map.allocate(1, run));
        begin();
        FreeMapUpdate update = new FreeMapUpdate(map, (address, bytes, offset) -> {});
        assertThrows(Violation.class, map::retire);
        assertThrows(Violation.class, update::imageRoot);
        while (!update.step(1)) {
            assertEquals(cp, map.cp());
        }
        assertThrows(Violation.class, () -> map.allocate(1, run));
        assertThrows(Violation.class, () -> map.free(1, cp));
        assertThrows(Violation.class, () -> map.begin(cp + 1));
        map.retire();
        assertThrows(Violation.class, () -> map.begin(cp));
    }

    @Test
    void freeingTwiceOrWhatIsFreeIsABrokenInvariant() {
        begin();
        map.allocate(10, run);
        assertThrows(Violation.class, () -> map.free(run.address + 10, cp));
        assertThrows(Violation.class, () -> map.free(run.address, cp + 1));
        assertThrows(Violation.class, () -> map.free(4L * AREA, cp));
        map.free(run.address, cp);
        map.free(run.address, cp);
        assertThrows(Violation.class, this::commit);
    }

    @Test
    void theLastAreaMayBeShort() {
        map = new FreeMap(AREA + 10);
        begin();
        List<Long> runs = new ArrayList<>();
        while (map.allocate(AREA, run)) {
            runs.add(run.blocks);
        }
        assertEquals(List.of(AREA - 1L, 10L), runs);
    }
}
