package dev.holdfast.store.tree;

import static dev.holdfast.store.tree.TreeBed.assertSameMap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Seeds;
import dev.holdfast.store.tree.TreeBed.Cell;
import dev.holdfast.store.tree.TreeBed.Reach;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Updates and lookups against a sorted map, over many consistency points of which every root is kept. */
public final class TreeModelTest {
    /** One root and what it must hold. */
    record Version(ObjectRoot root, long cp, TreeMap<Long, Cell> model) {}

    @Test
    void treesAreTheirModels() {
        Seeds.each(30, seed -> new History(seed).run(12));
    }

    @Test
    void everyOldRootReadsBackUnchanged() {
        Seeds.each(10, seed -> {
            History history = new History(seed);
            history.run(25);
            history.bed.nodes.clear();
            for (Version version : history.versions) {
                TreeMap<Long, Cell> found =
                        history.bed.reach(version.root(), version.cp()).cells();
                assertSameMap(version.model(), found, "root " + version.cp());
            }
        });
    }

    @Test
    void extentsAreTheModels() {
        Seeds.each(20, seed -> {
            History history = new History(seed);
            history.run(8);
            for (Version version : history.versions) {
                history.checkExtents(version);
            }
        });
    }

    @Test
    void changesBetweenAnyTwoVersionsAreTheModels() {
        Seeds.each(20, seed -> {
            History history = new History(seed);
            history.run(8);
            for (int i = 0; i < 20; i++) {
                Version from = history.versions.get(history.random.nextInt(history.versions.size()));
                Version to = history.versions.get(history.random.nextInt(history.versions.size()));
                history.checkChanges(from, to);
            }
        });
    }

    /** Random changes of one object, checked after each consistency point. */
    static final class History {
        final TreeBed bed = new TreeBed();
        final Random random;
        final List<Version> versions = new ArrayList<>();
        private long blocks;
        private boolean flushed;
        private final long[] places = new long[6];
        private TreeMap<Long, Cell> model = new TreeMap<>();
        private TreeMap<Long, Long> freed = new TreeMap<>();

        History(long seed) {
            random = new Random(seed);
            long[] sizes = {1, 100, 129, 20_000, 3_000_000, 1L << 33, ObjectRoot.MAX_BLOCKS};
            blocks = sizes[random.nextInt(sizes.length)];
            for (int i = 0; i < places.length; i++) {
                places[i] = random.nextLong(blocks);
            }
            places[0] = 0;
            places[1] = blocks - 1;
            versions.add(new Version(ObjectRoot.empty(blocks), 0, new TreeMap<>()));
        }

        void run(int consistencyPoints) {
            for (int cp = 1; cp <= consistencyPoints; cp++) {
                if (random.nextInt(3) == 0) {
                    bed.nodes.clear();
                }
                advance(cp);
            }
        }

        private void advance(long cp) {
            Version before = versions.getLast();
            model = new TreeMap<>(before.model());
            freed = new TreeMap<>();
            flushed = false;
            List<Long> dropped = new ArrayList<>();
            TreeUpdate update = new TreeUpdate(before.root(), cp, bed.nodes, bed.pages, (address, birth, node) -> {
                assertNull(freed.put(address, birth), "freed once: " + address);
                if (birth == cp) {
                    dropped.add(address);
                    assertTrue(!node || flushed, "a node of this update has no address before it is flushed");
                }
            });
            if (random.nextInt(4) == 0 && blocks < ObjectRoot.MAX_BLOCKS / 200) {
                blocks = blocks * (1 + random.nextInt(200)) + random.nextInt(5);
                update.resize(blocks);
            }
            int operations = random.nextInt(40);
            for (int i = 0; i < operations; i++) {
                change(update, cp);
                if (random.nextInt(6) == 0) {
                    flush(update);
                }
            }
            ObjectRoot root = bed.finish(update);
            Version after = new Version(root, cp, model);
            versions.add(after);
            check(before, after, dropped);
        }

        private void flush(TreeUpdate update) {
            flushed = true;
            long before = random.nextInt(3) == 0 ? ObjectRoot.MAX_BLOCKS : block();
            while (!update.flush(before, 2, bed, bed)) {
                assertTrue(update.dirtyNodes() >= 0);
            }
        }

        private void change(TreeUpdate update, long cp) {
            switch (random.nextInt(8)) {
                case 0 -> hole(update);
                case 1 -> {
                    long block = block();
                    bed.plan(update, block, 1);
                    update.unreadable(block);
                    model.put(block, new Cell(0, cp, true));
                }
                case 2 -> {
                    long first = block();
                    long count = Math.min(1 + random.nextInt(400), blocks - first);
                    bed.plan(update, first, count);
                    for (long block = first; block < first + count; block++) {
                        put(update, block, cp);
                    }
                }
                case 3 -> {
                    long[] some =
                            random.longs(30, 0, 7).map(i -> block()).sorted().toArray();
                    bed.plan(update, some);
                    for (long block : some) {
                        put(update, block, cp);
                    }
                }
                default -> {
                    long block = block();
                    bed.plan(update, block, 1);
                    put(update, block, cp);
                }
            }
        }

        private void put(TreeUpdate update, long block, long cp) {
            long address = bed.allocate();
            update.put(block, address, (int) address * 31);
            model.put(block, new Cell(address, cp, false));
        }

        private void hole(TreeUpdate update) {
            long first = random.nextInt(3) == 0 ? 0 : block();
            long most = blocks - first;
            long count = switch (random.nextInt(4)) {
                case 0 -> most;
                case 1 -> Math.min(most, 1L << random.nextInt(43));
                default -> Math.min(most, 1 + random.nextInt(300));
            };
            bed.plan(update, first, count);
            update.hole(first, count);
            model.subMap(first, first + count).clear();
        }

        private long block() {
            long near = places[random.nextInt(places.length)] + random.nextInt(300) - 150;
            return Math.clamp(near, 0, blocks - 1);
        }

        private void check(Version before, Version after, List<Long> dropped) {
            Reach old = bed.reach(before.root(), before.cp());
            Reach now = bed.reach(after.root(), after.cp());
            assertSameMap(after.model(), now.cells(), "cp " + after.cp());
            assertEquals(blocks, after.root().blocks());
            long present =
                    model.values().stream().filter(cell -> !cell.unreadable()).count();
            assertEquals(present, after.root().root().used());
            TreeMap<Long, Long> gone = new TreeMap<>(old.births());
            gone.keySet().removeAll(now.births().keySet());
            dropped.forEach(address -> gone.put(address, after.cp()));
            assertSameMap(gone, freed, "freed = what the old root reaches and the new one does not");
            checkLookups(after);
        }

        private void checkLookups(Version version) {
            PointerSlot slot = new PointerSlot();
            for (int i = 0; i < 50; i++) {
                long block = block();
                Cell cell = version.model().get(block);
                Lookup expected = cell == null ? Lookup.HOLE : cell.unreadable() ? Lookup.UNREADABLE : Lookup.FOUND;
                assertEquals(expected, bed.find(version.root(), block, slot), "block " + block);
                if (cell != null) {
                    assertEquals(cell, new Cell(slot.address(), slot.birth(), !slot.isPresent()));
                    assertEquals((int) cell.address() * 31, slot.checksum());
                }
            }
        }

        void checkExtents(Version version) {
            bed.nodes.clear();
            long from = random.nextBoolean() ? 0 : block();
            long end = from + random.nextLong(version.root().blocks() + 1000 - Math.min(from, 900));
            end = Math.min(end, ObjectRoot.MAX_BLOCKS);
            ExtentCursor cursor = new ExtentCursor();
            cursor.start(version.root(), from, end - from);
            TreeMap<Long, Boolean> seen = new TreeMap<>();
            long at = from;
            PointerSlot missing = new PointerSlot();
            while (true) {
                Step step = cursor.next(bed.nodes, missing);
                if (step == Step.MISSING) {
                    bed.load(missing);
                    continue;
                }
                if (step == Step.END) {
                    break;
                }
                assertEquals(Step.FOUND, step);
                assertEquals(at, cursor.first(), "pieces follow one another");
                assertTrue(cursor.blocks() > 0);
                at += cursor.blocks();
                if (cursor.kind() != Lookup.HOLE) {
                    for (long block = cursor.first(); block < at; block++) {
                        seen.put(block, cursor.kind() == Lookup.UNREADABLE);
                    }
                }
            }
            assertEquals(end, at);
            TreeMap<Long, Boolean> expected = new TreeMap<>();
            version.model().subMap(from, end).forEach((block, cell) -> expected.put(block, cell.unreadable()));
            assertSameMap(expected, seen, "extents");
        }

        void checkChanges(Version from, Version to) {
            bed.nodes.clear();
            ChangeCursor cursor = new ChangeCursor();
            cursor.start(from.root(), to.root(), 0, ObjectRoot.MAX_BLOCKS);
            TreeMap<Long, Cell> before = new TreeMap<>(from.model());
            PointerSlot missing = new PointerSlot();
            long at = 0;
            while (true) {
                Step step = cursor.next(bed.nodes, missing);
                if (step == Step.MISSING) {
                    bed.load(missing);
                } else if (step == Step.FOUND) {
                    assertTrue(cursor.first() >= at && cursor.blocks() > 0, "changes ascend");
                    at = cursor.first() + cursor.blocks();
                    take(cursor, before, to.model());
                } else if (step == Step.END) {
                    break;
                }
            }
            assertSameMap(to.model(), before, "the changes lead from one version to the other");
        }

        private static void take(ChangeCursor cursor, TreeMap<Long, Cell> before, TreeMap<Long, Cell> now) {
            long end = cursor.first() + cursor.blocks();
            NavigableMap<Long, Cell> target = now.subMap(cursor.first(), true, end, false);
            NavigableMap<Long, Cell> source = before.subMap(cursor.first(), true, end, false);
            if (cursor.kind() == Lookup.HOLE) {
                assertTrue(target.isEmpty(), "a hole is a hole");
                assertTrue(!source.isEmpty(), "something became a hole");
                source.clear();
                return;
            }
            assertEquals(cursor.blocks(), target.size(), "every block of it is there");
            for (Map.Entry<Long, Cell> entry : target.entrySet()) {
                assertEquals(
                        cursor.kind() == Lookup.UNREADABLE, entry.getValue().unreadable());
                assertTrue(!entry.getValue().equals(before.put(entry.getKey(), entry.getValue())), "it is a change");
            }
        }
    }
}
