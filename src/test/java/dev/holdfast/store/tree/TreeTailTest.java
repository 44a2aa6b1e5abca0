package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Seeds;
import dev.holdfast.store.tree.TreeBed.Cell;
import dev.holdfast.store.tree.TreeModelTest.History;
import dev.holdfast.store.tree.TreeModelTest.Version;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A big object is freed from its end, within a limit for each consistency point. */
final class TreeTailTest {
    @Test
    void anObjectGoesPieceByPieceWithinTheLimit() {
        Seeds.each(20, seed -> {
            History history = new History(seed);
            history.run(6);
            delete(history, 1 + history.random.nextInt(100));
        });
    }

    private static void delete(History history, long limit) {
        TreeBed bed = history.bed;
        Version last = history.versions.getLast();
        ObjectRoot root = last.root();
        TreeMap<Long, Cell> model = new TreeMap<>(last.model());
        TreeMap<Long, Long> left = bed.reach(root, last.cp()).births();
        for (long cp = last.cp() + 1; !root.root().isHole(); cp++) {
            bed.nodes.clear();
            long tail = tail(bed, root, limit);
            assertLongest(model, tail, limit);
            long[] dataFreed = new long[1];
            long now = cp;
            TreeUpdate update = new TreeUpdate(root, cp, bed.nodes, bed.pages, (address, birth, node) -> {
                dataFreed[0] += node ? 0 : 1;
                assertTrue(left.remove(address, birth) || birth == now, "freed once: " + address);
            });
            bed.plan(update, tail, root.blocks() - tail);
            update.hole(tail, root.blocks() - tail);
            root = bed.finish(update);
            left.putAll(bed.reach(root, cp).births());
            assertTrue(dataFreed[0] <= limit, "at most the limit");
            model.tailMap(tail, true).clear();
            assertEquals(model.keySet(), bed.reach(root, cp).cells().keySet());
        }
        assertTrue(left.isEmpty(), "everything was freed");
    }

    private static long tail(TreeBed bed, ObjectRoot root, long limit) {
        PointerSlot missing = new PointerSlot();
        while (true) {
            long tail = TreeReader.tail(root, limit, bed.nodes, missing);
            if (tail >= 0) {
                return tail;
            }
            bed.load(missing);
        }
    }

    private static void assertLongest(TreeMap<Long, Cell> model, long tail, long limit) {
        long inside = present(model.tailMap(tail, true));
        assertTrue(inside <= limit, "at most the limit");
        if (tail > 0) {
            Cell before = model.get(tail - 1);
            assertTrue(inside == limit && before != null && !before.unreadable(), "one more would be too much");
        }
    }

    private static long present(SortedMap<Long, Cell> cells) {
        return cells.values().stream().filter(cell -> !cell.unreadable()).count();
    }
}
