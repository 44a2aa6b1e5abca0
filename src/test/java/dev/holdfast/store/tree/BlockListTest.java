package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Seeds;
import dev.holdfast.base.Violation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class BlockListTest {
    private final TreeBed bed = new TreeBed();
    private TreeMap<Long, Long> freed = new TreeMap<>();

    private UpdateTools tools(long cp) {
        return new UpdateTools(
                cp,
                bed.nodes,
                bed.pages,
                bed,
                bed,
                (address, birth, node) -> assertNull(freed.put(address, birth), "freed once"));
    }

    private void plan(BlockListAppend append) {
        List<BlockPointer> missing = new ArrayList<>();
        while (append.plan(pointer -> missing.add(pointer.toPointer()), (address, birth) -> false)
                != BlockListAppend.Plan.READY) {
            bed.loadAll(missing);
            missing.clear();
        }
    }

    private ObjectRoot append(ObjectRoot old, List<Long> list, long cp, int count) {
        BlockListAppend append = new BlockListAppend(old, list.size(), tools(cp));
        plan(append);
        for (int i = 0; i < count; i++) {
            long address = 1_000_000 + list.size();
            append.append(address, cp);
            list.add(address);
        }
        append.finish();
        while (!append.step(2)) {
            assertTrue(append.count() > 0);
        }
        assertEquals(list.size(), append.count());
        return append.result();
    }

    private List<Long> read(ObjectRoot root, long count) {
        PointerSlot slot = new PointerSlot();
        List<Long> found = new ArrayList<>();
        for (long block = 0; block < root.blocks(); block++) {
            assertEquals(Lookup.FOUND, bed.find(root, block, slot), "a list has no holes");
            ByteBuffer bytes = ByteBuffer.wrap(bed.stored.get(slot.address())).order(ByteOrder.LITTLE_ENDIAN);
            assertEquals(slot.checksum(), new Crc32c().ofBlock(bytes, 0));
            while (bytes.hasRemaining()) {
                long address = bytes.getLong();
                boolean isEntry = bytes.getLong() > 0;
                assertEquals(found.size() < count, isEntry, "zeroes after the last entry");
                if (isEntry) {
                    found.add(address);
                }
            }
        }
        return found;
    }

    @Test
    void listsHoldWhatWasAppendedOverManyConsistencyPoints() {
        Seeds.each(5, seed -> {
            Random random = new Random(seed);
            ObjectRoot root = ObjectRoot.EMPTY;
            List<Long> list = new ArrayList<>();
            for (long cp = 1; cp <= 12; cp++) {
                bed.nodes.clear();
                freed = new TreeMap<>();
                TreeMap<Long, Long> before = bed.reach(root, cp).births();
                root = append(root, list, cp, random.nextInt(4) == 0 ? 20_000 : random.nextInt(600));
                before.keySet().removeAll(bed.reach(root, cp).births().keySet());
                assertEquals(before, freed, "freed = the old last block and its nodes");
                bed.nodes.clear();
                assertEquals(list, read(root, list.size()));
            }
        });
    }

    @Test
    void appendingReadsOnlyTheLastBlockAndItsNodes() {
        List<Long> list = new ArrayList<>();
        ObjectRoot root = append(ObjectRoot.EMPTY, list, 1, 100_000);
        assertEquals(3, root.height(), "391 blocks");
        bed.nodes.clear();
        bed.reads = 0;
        append(root, list, 2, 10);
        assertEquals(3, bed.reads);
    }

    @Test
    void appendingNothingKeepsTheList() {
        List<Long> list = new ArrayList<>();
        ObjectRoot root = append(ObjectRoot.EMPTY, list, 1, 300);
        assertEquals(root, append(root, list, 2, 0));
        assertTrue(freed.isEmpty());
    }

    @Test
    void aFullLastBlockIsNotReadAgain() {
        List<Long> list = new ArrayList<>();
        ObjectRoot root = append(ObjectRoot.EMPTY, list, 1, 256);
        bed.nodes.clear();
        ObjectRoot longer = append(root, list, 2, 1);
        assertEquals(0, bed.reads);
        assertEquals(2, longer.blocks());
        assertEquals(list, read(longer, 257));
    }

    @Test
    void aCountThatIsNotTheListsIsABrokenInvariant() {
        ObjectRoot root = append(ObjectRoot.EMPTY, new ArrayList<>(), 1, 300);
        assertThrows(Violation.class, () -> new BlockListAppend(root, 257 * 256, tools(2)));
    }
}
