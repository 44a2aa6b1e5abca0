package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Space that a root of the twin reaches is not used again until that root is not needed; other space is. */
final class HeldSpaceTest {
    private final FreeMap map = new FreeMap(FreeMap.AREA_BLOCKS);
    private long cp;

    private void begin(long... mayHave) {
        cp++;
        map.held().roots(mayHave);
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
    void whatARootOfTheTwinReachesStaysTakenUntilItIsNotNeeded() {
        begin();
        long old = map.allocate();
        commit();
        begin(1);
        long young = map.allocate();
        commit();
        begin(1);
        map.free(old, 1);
        map.free(young, 2);
        commit();
        begin(1);
        assertTrue(isHeld(old), "root 1 reaches it");
        assertFalse(isHeld(young), "root 1 does not");
        commit();
        assertTrue(map.isTaken(old));
        assertFalse(map.isTaken(young), "born after root 1 and gone: no root of the twin reaches it");
        begin(1, 2);
        commit();
        assertTrue(map.isTaken(old));
        begin(5);
        assertFalse(isHeld(old));
        commit();
        assertFalse(map.isTaken(old), "root 5 does not reach it");
    }

    private boolean isHeld(long address) {
        for (int i = 0; i < map.held().size(); i++) {
            if (map.held().address(i) == address) {
                return map.held().birth(i) == 1;
            }
        }
        return false;
    }

    @Test
    void withoutATwinNothingIsHeld() {
        begin();
        long old = map.allocate();
        commit();
        begin();
        map.free(old, 1);
        commit();
        begin();
        commit();
        assertFalse(map.isTaken(old));
        assertEquals(0, map.held().size());
    }

    @Test
    void whatWasReadOfTheListIsHeldAsIfItWereFreedByTheRootThatNamesIt() {
        begin();
        long address = map.allocate();
        commit();
        assertTrue(map.held().load(map, address, 1, 5));
        assertFalse(map.held().load(map, map.dataBlocks() - 1, 1, 5), "it is not taken");
        assertFalse(map.held().load(map, 0, 1, 5), "address 0 is never used");
        assertFalse(map.held().load(map, address, 6, 5), "born after the root that names it");
        begin(4);
        assertTrue(isHeld(address));
        commit();
        begin(5);
        assertFalse(isHeld(address));
        commit();
    }
}
