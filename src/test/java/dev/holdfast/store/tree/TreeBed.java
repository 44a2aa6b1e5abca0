package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An array in memory for tree tests: blocks by address, never written twice, and a table of nodes that begins cold, so
 * that every node must be asked for. Its allocator counts upwards; it is no model of a free map.
 */
final class TreeBed implements Allocator, BlockSink {
    final PagePool pages = new PagePool(1 << 20);
    final NodeTable nodes = new NodeTable(pages);
    final Map<Long, byte[]> stored = new HashMap<>();
    private final PointerSlot slot = new PointerSlot();
    private final Crc32c crc = new Crc32c();
    private long nextAddress = 1;
    int reads;

    /** What a model knows of one block. */
    record Cell(long address, long birth, boolean unreadable) {}

    /** What a walk over an object finds: data by block number, nodes and data by address with birth. */
    record Reach(TreeMap<Long, Cell> cells, TreeMap<Long, Long> births, TreeMap<Long, Boolean> isNode) {}

    @Override
    public long allocate() {
        return nextAddress++;
    }

    @Override
    public void write(long address, ByteBuffer bytes, int offset) {
        byte[] copy = new byte[Pointers.BLOCK_BYTES];
        bytes.get(offset, copy);
        assertNull(stored.put(address, copy), "written once: " + address);
    }

    /** Brings one block to hand, as its pointer says it must be. */
    void load(PointerSlot pointer) {
        byte[] bytes = stored.get(pointer.address());
        assertNotNull(bytes, "stored: " + pointer);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(pointer.checksum(), crc.ofBlock(buffer, 0), "checksum of " + pointer);
        nodes.insert(pointer.address(), pointer.birth(), buffer, 0);
        reads++;
    }

    boolean read(PointerSlot pointer, ByteBuffer into) {
        byte[] bytes = stored.get(pointer.address());
        if (bytes == null || crc.ofBlock(ByteBuffer.wrap(bytes), 0) != pointer.checksum()) {
            return false;
        }
        into.put(0, bytes);
        return true;
    }

    /** Plans as a caller does: in rounds, each loading what the one before has named. */
    void plan(TreeUpdate update, long first, long count) {
        for (int round = 0; ; round++) {
            assertTrue(round <= ObjectRoot.MAX_HEIGHT, "each round goes one level deeper");
            List<BlockPointer> missing = new ArrayList<>();
            if (update.plan(first, count, pointer -> missing.add(pointer.toPointer()))) {
                assertTrue(missing.isEmpty(), "complete means that nothing is missing");
                return;
            }
            assertTrue(!missing.isEmpty(), "incomplete means that something is missing");
            loadAll(missing);
        }
    }

    /** The same for sorted single blocks. */
    void plan(TreeUpdate update, long[] blocks) {
        for (int round = 0; ; round++) {
            assertTrue(round <= ObjectRoot.MAX_HEIGHT, "each round goes one level deeper");
            List<BlockPointer> missing = new ArrayList<>();
            if (update.plan(blocks, 0, blocks.length, pointer -> missing.add(pointer.toPointer()))) {
                return;
            }
            assertEquals(missing.size(), missing.stream().distinct().count(), "sorted planning names a node once");
            loadAll(missing);
        }
    }

    void loadAll(List<BlockPointer> missing) {
        for (BlockPointer pointer : missing) {
            slot.set(pointer);
            load(slot);
        }
    }

    ObjectRoot finish(TreeUpdate update) {
        update.finish(this, this);
        while (!update.step(3)) {
            assertTrue(update.dirtyNodes() >= 0);
        }
        return update.result();
    }

    Lookup find(ObjectRoot root, long block, PointerSlot out) {
        while (true) {
            Lookup found = TreeReader.find(root, block, nodes, out);
            if (found != Lookup.MISSING) {
                return found;
            }
            load(out);
        }
    }

    /** Everything the verifier sees; fails on any problem it names. */
    Reach reach(ObjectRoot root, long cp) {
        Reach reach = new Reach(new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
        List<String> problems = new ArrayList<>();
        new VerifiedWalk(this::read, visitor(reach, problems)).walk(root, cp);
        assertEquals(List.of(), problems);
        return reach;
    }

    /** Two maps are equal; says in few words where not. */
    static <V> void assertSameMap(Map<Long, V> expected, Map<Long, V> actual, String what) {
        if (expected.equals(actual)) {
            return;
        }
        TreeMap<Long, String> differences = new TreeMap<>();
        expected.forEach((key, value) -> {
            if (!value.equals(actual.get(key))) {
                differences.put(key, "expected " + value + " but was " + actual.get(key));
            }
        });
        actual.forEach((key, value) ->
                differences.computeIfAbsent(key, any -> expected.containsKey(key) ? null : "not expected: " + value));
        List<?> some = differences.entrySet().stream().limit(5).toList();
        throw new AssertionError(what + ": " + differences.size() + " differences, " + some);
    }

    List<String> problems(ObjectRoot root, long cp) {
        List<String> problems = new ArrayList<>();
        Reach reach = new Reach(new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
        new VerifiedWalk(this::read, visitor(reach, problems)).walk(root, cp);
        return problems;
    }

    private static TreeVerifier.Visitor visitor(Reach reach, List<String> problems) {
        return new TreeVerifier.Visitor() {
            @Override
            public boolean pointer(PointerSlot pointer, int level, long first) {
                if (level == 0) {
                    Cell cell = new Cell(pointer.address(), pointer.birth(), !pointer.isPresent());
                    reach.cells().put(first, cell);
                }
                if (pointer.isPresent()) {
                    reach.births().put(pointer.address(), pointer.birth());
                    reach.isNode().put(pointer.address(), level > 0);
                }
                return true;
            }

            @Override
            public void problem(String what) {
                problems.add(what);
            }
        };
    }
}
