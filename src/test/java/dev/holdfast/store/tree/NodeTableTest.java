package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.holdfast.base.Seeds;
import dev.holdfast.base.Violation;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class NodeTableTest {
    record Key(long address, long birth) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int first = Long.compare(address, other.address);
            return first != 0 ? first : Long.compare(birth, other.birth);
        }
    }

    @Test
    void theTableIsAMapFromAddressAndBirth() {
        Seeds.each(5, seed -> {
            Random random = new Random(seed);
            PagePool pages = new PagePool(600);
            NodeTable table = new NodeTable(pages);
            TreeMap<Key, Integer> model = new TreeMap<>();
            ByteBuffer block = ByteBuffer.allocateDirect(8192);
            for (int i = 0; i < 20_000; i++) {
                Key key = new Key(1 + random.nextInt(150), 1 + random.nextInt(3));
                if (random.nextInt(5) < 3) {
                    block.putInt(4096, i);
                    table.insert(key.address(), key.birth(), block, 4096);
                    model.putIfAbsent(key, i);
                } else {
                    table.drop(key.address(), key.birth());
                    model.remove(key);
                }
                assertEquals(model.size(), table.size());
                assertEquals(model.size(), pages.pagesTaken());
                if (i % 500 == 0) {
                    check(table, model);
                }
            }
            table.clear();
            assertEquals(0, pages.pagesTaken());
        });
    }

    private static void check(NodeTable table, TreeMap<Key, Integer> model) {
        for (long address = 1; address <= 150; address++) {
            for (long birth = 1; birth <= 3; birth++) {
                Integer expected = model.get(new Key(address, birth));
                long handle = table.find(address, birth);
                assertEquals(expected == null, handle < 0);
                if (expected != null) {
                    int bytes = Integer.reverseBytes(table.bytes(handle).getInt(table.offset(handle)));
                    assertEquals(expected, bytes);
                }
            }
        }
    }

    @Test
    void aPoolGivesNoMoreThanItsLimit() {
        PagePool pages = new PagePool(300);
        for (int i = 0; i < 300; i++) {
            assertEquals(300 - i, pages.pagesLeft());
            pages.take();
        }
        assertThrows(Violation.class, pages::take);
        pages.give(7);
        assertEquals(7, pages.take());
    }
}
