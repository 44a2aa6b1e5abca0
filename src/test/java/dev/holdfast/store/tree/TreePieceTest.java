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

/** A big object is freed a piece at a time, within a limit for each consistency point. */
final class TreePieceTest {
    @Test
    void aPieceIsTheLongestWithinItsLimit() {
        Seeds.each(10, seed -> {
            History history = new History(seed);
            history.run(6);
            Version version = history.versions.getLast();
            for (int i = 0; i < 30; i++) {
                long first = history.random.nextLong(version.root().blocks());
                long limit = history.random.nextInt(200);
                assertLongest(version, first, piece(history.bed, version.root(), first, limit), limit);
            }
        });
    }

    @Test
    void anObjectGoesPieceByPiece() {
        Seeds.each(10, seed -> {
            History history = new History(seed);
            history.run(6);
            delete(history, 1 + history.random.nextInt(100));
        });
    }

    @Test
    void aWholeSparseObjectIsOnePieceOfItsRootAlone() {
        TreeBed bed = new TreeBed();
        TreeUpdate update =
                new TreeUpdate(ObjectRoot.empty(1L << 32), 1, bed.nodes, bed.pages, (address, birth, node) -> {});
        update.put(0, bed.allocate(), 1);
        update.put((1L << 32) - 1, bed.allocate(), 1);
        ObjectRoot root = bed.finish(update);
        assertEquals(root.capacity(), piece(bed, root, 0, 2));
        assertEquals(0, bed.reads);
        assertEquals((1L << 32) - 1, piece(bed, root, 0, 1));
        assertEquals(0, piece(bed, root, 0, 0));
    }

    private static void delete(History history, long limit) {
        TreeBed bed = history.bed;
        Version last = history.versions.getLast();
        ObjectRoot root = last.root();
        TreeMap<Long, Cell> model = new TreeMap<>(last.model());
        TreeMap<Long, Long> left = bed.reach(root, last.cp()).births();
        for (long cp = last.cp() + 1; !root.root().isHole(); cp++) {
            bed.nodes.clear();
            long end = piece(bed, root, 0, limit);
            long[] dataFreed = new long[1];
            TreeUpdate update = new TreeUpdate(root, cp, bed.nodes, bed.pages, (address, birth, node) -> {
                dataFreed[0] += node ? 0 : 1;
                assertTrue(left.remove(address, birth), "freed once: " + address);
            });
            bed.plan(update, 0, end);
            update.hole(0, end);
            root = bed.finish(update);
            left.putAll(bed.reach(root, cp).births());
            assertTrue(dataFreed[0] <= limit, "at most the limit");
            model.headMap(end).clear();
            assertEquals(model.keySet(), bed.reach(root, cp).cells().keySet());
        }
        assertTrue(left.isEmpty(), "everything was freed");
    }

    private static long piece(TreeBed bed, ObjectRoot root, long first, long limit) {
        PointerSlot missing = new PointerSlot();
        while (true) {
            long end = TreeReader.piece(root, first, limit, bed.nodes, missing);
            if (end >= 0) {
                return end;
            }
            bed.load(missing);
        }
    }

    private static void assertLongest(Version version, long first, long end, long limit) {
        long inside = present(version.model().subMap(first, end));
        assertTrue(inside <= limit, "at most the limit");
        if (end < version.root().blocks()) {
            Cell next = version.model().get(end);
            assertTrue(inside == limit && next != null && !next.unreadable(), "one more would be too much");
        }
    }

    private static long present(SortedMap<Long, Cell> cells) {
        return cells.values().stream().filter(cell -> !cell.unreadable()).count();
    }
}
