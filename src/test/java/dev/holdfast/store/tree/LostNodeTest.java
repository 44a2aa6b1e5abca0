package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A node of which no copy verifies is replaced by one of recorded errors, at whatever level: what was beneath it is
 * unreadable until it is overwritten, all else is as it was, and the object goes on.
 */
final class LostNodeTest {
    private static final long BLOCKS = 3 * 128 * 128;

    /** Blocks beneath the node of level 2 that is lost. */
    private static final long FIRST = 128 * 128;

    private static final long END = 2 * 128 * 128;

    private final TreeBed bed = new TreeBed();
    private final List<Long> freed = new ArrayList<>();
    private final PointerSlot slot = new PointerSlot();
    private long cp = 1;
    private ObjectRoot root = ObjectRoot.empty(BLOCKS);

    LostNodeTest() {
        TreeUpdate update = update();
        for (long block = 0; block < BLOCKS; block += 5) {
            update.put(block, bed.allocate(), 1);
        }
        root = bed.finish(update);
        bed.find(root, 0, slot);
        long handle = bed.nodes.find(root.root().address(), 1);
        slot.read(bed.nodes.bytes(handle), bed.nodes.offset(handle) + Pointers.SIZE);
        ByteBuffer errors = ByteBuffer.allocate(Pointers.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Pointers.setAllUnreadable(errors, 0, slot.birth());
        bed.nodes.insert(slot.address(), slot.birth(), errors, 0);
        cp = 2;
    }

    private TreeUpdate update() {
        return new TreeUpdate(root, cp, bed.nodes, bed.pages, (address, birth, node) -> freed.add(address));
    }

    private void assertUnreadableBut(long from, long end) {
        assertEquals(List.of(), bed.problems(root, cp));
        ExtentCursor cursor = new ExtentCursor();
        cursor.start(root, FIRST, END - FIRST);
        long unreadable = 0;
        for (Step step = Step.MORE; step != Step.END; step = cursor.next(bed.nodes, slot)) {
            if (step == Step.MISSING) {
                bed.load(slot);
            } else if (step == Step.FOUND && cursor.kind() == Lookup.UNREADABLE) {
                unreadable += cursor.blocks();
            } else if (step == Step.FOUND) {
                assertTrue(from <= cursor.first() && cursor.first() + cursor.blocks() <= end, "only these changed");
            }
        }
        assertEquals(END - FIRST - (end - from), unreadable);
        assertEquals(Lookup.FOUND, bed.find(root, FIRST - 4, slot));
        assertEquals(Lookup.HOLE, bed.find(root, END + 5, slot));
        assertEquals(Lookup.FOUND, bed.find(root, END + 2, slot));
        assertEquals(Lookup.UNREADABLE, bed.find(root, END - 1, slot));
    }

    @Test
    void allElseIsAsItWas() {
        long usedBefore = root.root().used();
        long usedBeneath = END / 5 - FIRST / 5;
        ObjectRoot before = root;
        TreeUpdate update = update();
        bed.plan(update, FIRST + 200, 1);
        update.put(FIRST + 200, bed.allocate(), 2);
        root = bed.finish(update);
        assertUnreadableBut(FIRST + 200, FIRST + 201);
        assertEquals(usedBefore - usedBeneath + 1, root.root().used());
        assertEquals(2, freed.size(), "the nodes on the way; what was beneath the lost one is not known");
        assertChangesAreBeneath(before);
    }

    @Test
    void aRangeOfItMayBecomeAHole() {
        TreeUpdate update = update();
        bed.plan(update, FIRST + 100, 1000);
        update.hole(FIRST + 100, 1000);
        root = bed.finish(update);
        assertUnreadableBut(FIRST + 100, FIRST + 1100);
        cp++;
        TreeUpdate next = update();
        bed.plan(next, FIRST + 1000, 200);
        next.hole(FIRST + 1000, 200);
        root = bed.finish(next);
        assertUnreadableBut(FIRST + 100, FIRST + 1200);
    }

    @Test
    void allOfItMayBecomeAHole() {
        TreeUpdate update = update();
        bed.plan(update, 0, BLOCKS);
        update.hole(0, BLOCKS);
        assertEquals(ObjectRoot.empty(BLOCKS), bed.finish(update));
    }

    private void assertChangesAreBeneath(ObjectRoot before) {
        ChangeCursor cursor = new ChangeCursor();
        cursor.start(before, root, 0, BLOCKS);
        for (Step step = Step.MORE; step != Step.END; step = cursor.next(bed.nodes, slot)) {
            if (step == Step.MISSING) {
                bed.load(slot);
            } else if (step == Step.FOUND) {
                assertTrue(FIRST <= cursor.first() && cursor.first() + cursor.blocks() <= END, "beneath the lost node");
            }
        }
    }
}
