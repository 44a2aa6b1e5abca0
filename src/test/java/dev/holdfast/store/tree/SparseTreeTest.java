package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What an object costs is in what is used of it, not in its length. */
final class SparseTreeTest {
    private static final long BLOCKS_16_TIB = 1L << 32;

    private final TreeBed bed = new TreeBed();
    private final TreeMap<Long, Boolean> freed = new TreeMap<>();

    private TreeUpdate update(ObjectRoot old, long cp) {
        return new TreeUpdate(old, cp, bed.nodes, bed.pages, (address, birth, node) -> freed.put(address, node));
    }

    private ObjectRoot oneBlockAtEachEnd() {
        TreeUpdate update = update(ObjectRoot.empty(BLOCKS_16_TIB), 1);
        update.put(0, bed.allocate(), 5);
        update.put(BLOCKS_16_TIB - 1, bed.allocate(), 6);
        return bed.finish(update);
    }

    @Test
    void oneBlockAtEachEndOf16TebibytesCostsTwoPaths() {
        ObjectRoot root = oneBlockAtEachEnd();
        assertEquals(6, root.height());
        assertEquals(9, bed.stored.size());
        assertEquals(2, root.root().used());
    }

    @Test
    void writingOneOfThemAgainCostsOnePath() {
        ObjectRoot root = oneBlockAtEachEnd();
        TreeUpdate update = update(root, 2);
        bed.plan(update, BLOCKS_16_TIB - 1, 1);
        assertEquals(5, bed.reads);
        update.put(BLOCKS_16_TIB - 1, bed.allocate(), 7);
        assertEquals(5, update.dirtyNodes());
        bed.finish(update);
        assertEquals(6, freed.size());
    }

    @Test
    void planningNamesTheHighestMissingNodesFirst() {
        ObjectRoot root = oneBlockAtEachEnd();
        TreeUpdate update = update(root, 2);
        List<Integer> rounds = new ArrayList<>();
        boolean complete = false;
        while (!complete) {
            List<BlockPointer> missing = new ArrayList<>();
            complete = update.plan(0, BLOCKS_16_TIB, pointer -> missing.add(pointer.toPointer()));
            rounds.add(missing.size());
            bed.loadAll(missing);
        }
        assertEquals(List.of(1, 2, 2, 2, 2, 0), rounds);
    }

    @Test
    void makingAllOfItAHoleReadsAndFreesOnlyWhatIsUsed() {
        ObjectRoot root = oneBlockAtEachEnd();
        TreeUpdate update = update(root, 2);
        bed.plan(update, 0, BLOCKS_16_TIB);
        assertEquals(9, bed.reads);
        update.hole(0, BLOCKS_16_TIB);
        assertEquals(ObjectRoot.empty(BLOCKS_16_TIB), bed.finish(update));
        assertEquals(11, freed.size());
        assertEquals(9, bed.stored.size());
    }

    @Test
    void aHoleWhereNothingIsChangesNothing() {
        ObjectRoot root = oneBlockAtEachEnd();
        TreeUpdate update = update(root, 2);
        bed.plan(update, 1, BLOCKS_16_TIB - 2);
        update.hole(1, BLOCKS_16_TIB - 2);
        assertEquals(0, update.dirtyNodes());
        assertEquals(root, bed.finish(update));
        assertTrue(freed.isEmpty());
    }

    @Test
    void extentsAndChangesOf16TebibytesAreAFewSteps() {
        ObjectRoot root = oneBlockAtEachEnd();
        TreeUpdate update = update(root, 2);
        bed.plan(update, BLOCKS_16_TIB / 2, 1);
        update.put(BLOCKS_16_TIB / 2, bed.allocate(), 8);
        ObjectRoot next = bed.finish(update);
        bed.nodes.clear();
        bed.reads = 0;
        ExtentCursor extents = new ExtentCursor();
        extents.start(next, 0, BLOCKS_16_TIB);
        PointerSlot missing = new PointerSlot();
        List<Long> pieces = new ArrayList<>();
        for (Step step = Step.MORE; step != Step.END; step = extents.next(bed.nodes, missing)) {
            if (step == Step.MISSING) {
                bed.load(missing);
            } else if (step == Step.FOUND && extents.kind() == Lookup.FOUND) {
                pieces.add(extents.first());
                assertEquals(1, extents.blocks());
            }
        }
        assertEquals(List.of(0L, BLOCKS_16_TIB / 2, BLOCKS_16_TIB - 1), pieces);
        assertEquals(13, bed.reads);
        bed.nodes.clear();
        bed.reads = 0;
        ChangeCursor changes = new ChangeCursor();
        changes.start(root, next, 0, BLOCKS_16_TIB);
        List<Long> changed = new ArrayList<>();
        for (Step step = Step.MORE; step != Step.END; step = changes.next(bed.nodes, missing)) {
            if (step == Step.MISSING) {
                bed.load(missing);
            } else if (step == Step.FOUND) {
                changed.add(changes.first());
                assertEquals(1, changes.blocks());
            }
        }
        assertEquals(List.of(BLOCKS_16_TIB / 2), changed);
        assertEquals(6, bed.reads);
    }

    @Test
    void theWrongOrderOfCallsIsABrokenInvariant() {
        TreeUpdate update = update(ObjectRoot.empty(10), 1);
        assertThrows(Violation.class, () -> update.put(10, 1, 0));
        assertThrows(Violation.class, () -> update.step(1));
        assertThrows(Violation.class, update::result);
        update.put(9, bed.allocate(), 0);
        ObjectRoot root = bed.finish(update);
        assertThrows(Violation.class, () -> update.hole(0, 1));
        assertThrows(Violation.class, () -> update.put(0, 1, 0));
        TreeUpdate unplanned = update(root, 2);
        assertThrows(Violation.class, () -> unplanned.put(3, bed.allocate(), 0));
        unplanned.abandon();
        assertThrows(Violation.class, () -> update(root, 0));
    }

    @Test
    void anAbandonedUpdateGivesItsPagesBack() {
        int before = bed.pages.pagesTaken();
        TreeUpdate update = update(ObjectRoot.empty(1 << 20), 1);
        for (long block = 0; block < 1 << 20; block += 1000) {
            update.put(block, bed.allocate(), 0);
        }
        assertFalse(bed.pages.pagesTaken() == before);
        update.abandon();
        assertEquals(before, bed.pages.pagesTaken());
    }
}
