package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * A pool of nothing but single blocks and a free map, over a medium in memory, with a model of what each root reaches.
 * After each consistency point it holds the free map to S2 and S4. It knows no snapshots: a block is reached or freed.
 */
final class FreeMapBed {
    /** A root: what it names, and what it reaches besides the free map's own blocks. */
    record Root(long cp, ObjectRoot image, ObjectRoot deferred, TreeMap<Long, Long> blocks, BitSet reach) {}

    private final Random random;
    private final Map<Long, byte[]> medium = new HashMap<>();
    private final Crc32c crc = new Crc32c();
    private final BitSet allocated = new BitSet();
    private final BitSet written = new BitSet();
    private TreeMap<Long, Long> live;
    private long cp;
    final long dataBlocks;
    Root newest;
    Root previous;
    FreeMap map;

    FreeMapBed(long dataBlocks, Random random) {
        this.dataBlocks = dataBlocks;
        this.random = random;
        this.map = new FreeMap(dataBlocks);
        Root none = new Root(0, map.imageRoot(), map.deferredRoot(), new TreeMap<>(), new BitSet());
        newest = none;
        previous = none;
        live = new TreeMap<>();
    }

    void begin() {
        cp = Math.max(cp, newest.cp()) + 1;
        map.begin(cp);
        allocated.clear();
        written.clear();
        live = new TreeMap<>(newest.blocks());
    }

    /** Allocates up to {@code wanted} blocks, as data would be. */
    long allocate(long wanted) {
        Run run = new Run();
        if (!map.allocate(wanted, run)) {
            return 0;
        }
        assertTrue(run.blocks > 0 && run.blocks <= wanted, "a run is at most what was wanted");
        for (long address = run.address; address < run.address + run.blocks; address++) {
            take(address);
            live.put(address, cp);
        }
        return run.blocks;
    }

    /** Frees a block that was live, of whatever birth. */
    void freeOne() {
        if (live.isEmpty()) {
            return;
        }
        Long address = live.ceilingKey(random.nextLong(dataBlocks));
        free(address == null ? live.firstKey() : address);
    }

    void free(long address) {
        map.free(address, live.remove(address));
    }

    long liveBlocks() {
        return live.size();
    }

    private void take(long address) {
        assertTrue(address > 0 && address < dataBlocks, "an address of the array: " + address);
        assertFalse(allocated.get((int) address), "allocated once in a consistency point: " + address);
        allocated.set((int) address);
        assertFalse(newest.reach().get((int) address), "S2: reached by the newest root: " + address);
        assertFalse(previous.reach().get((int) address), "S2: reached by the root before: " + address);
    }

    private void write(long address, ByteBuffer bytes, int offset) {
        assertFalse(live.containsKey(address), "not over data: " + address);
        assertFalse(newest.reach().get((int) address), "S2: reached by the newest root: " + address);
        assertFalse(previous.reach().get((int) address), "S2: reached by the root before: " + address);
        assertFalse(written.get((int) address), "written once in a consistency point: " + address);
        written.set((int) address);
        byte[] copy = new byte[Pointers.BLOCK_BYTES];
        bytes.get(offset, copy);
        medium.put(address, copy);
    }

    /** Writes the free map and makes a root that is not durable yet. */
    Root write() {
        long reserve = map.reserveBlocks(0);
        FreeMapUpdate update = new FreeMapUpdate(map, this::write);
        while (!update.step(1 + random.nextInt(20))) {
            assertTrue(written.cardinality() < dataBlocks, "the circle ends");
        }
        assertTrue(written.cardinality() <= reserve, "the reserve is enough: " + reserve);
        BitSet reach = new BitSet();
        live.keySet().forEach(address -> reach.set(address.intValue()));
        reachOnce(update.imageRoot(), reach);
        reachOnce(update.deferredRoot(), reach);
        return new Root(cp, update.imageRoot(), update.deferredRoot(), live, reach);
    }

    /** The root is durable. */
    void commit(Root root) {
        previous = newest;
        newest = root;
        map.retire();
        check();
    }

    /** Forgets the map, as a crash does, and loads that of the newest durable root; reads come back in any order. */
    void reopen() {
        FreeMapLoad load = new FreeMapLoad(newest.image(), newest.deferred(), dataBlocks);
        List<Runnable> underWay = new ArrayList<>();
        while (!load.done()) {
            PointerSlot pointer = new PointerSlot();
            long ticket = random.nextInt(3) == 0 ? -1 : load.next(pointer);
            if (ticket >= 0) {
                underWay.add(() -> load.supply(ticket, pointer, read(pointer), 0));
            } else if (!underWay.isEmpty()) {
                Collections.shuffle(underWay, random);
                underWay.removeLast().run();
            }
        }
        Optional<FreeMap> loaded = load.result();
        assertTrue(loaded.isPresent(), "what was written can be loaded");
        map = loaded.get();
        checkCounts();
    }

    /** S4, exactly, from the bytes on the medium. */
    private void check() {
        BitSet expected = (BitSet) newest.reach().clone();
        expected.or(previous.reach());
        expected.set(0);
        assertSameSet(expected, imageBits(newest), "image " + newest.cp() + " = reach(n) + reach(n-1)");
        BitSet left = (BitSet) previous.reach().clone();
        left.andNot(newest.reach());
        assertSameSet(left, deferredAddresses(newest), "deferred list " + newest.cp() + " = reach(n-1) - reach(n)");
        checkCounts();
    }

    private void checkCounts() {
        BitSet taken = (BitSet) newest.reach().clone();
        taken.or(previous.reach());
        long used = newest.reach().cardinality();
        assertEquals(dataBlocks - 1 - taken.cardinality(), map.freeBlocks(), "free blocks");
        assertEquals(used, map.usedBlocks(), "used blocks");
        assertEquals(taken.cardinality() - used, map.pendingBlocks(), "pending blocks");
    }

    private static void assertSameSet(BitSet expected, BitSet actual, String what) {
        BitSet lacking = (BitSet) expected.clone();
        lacking.andNot(actual);
        BitSet extra = (BitSet) actual.clone();
        extra.andNot(expected);
        String some = what + "; lacking " + lacking.stream().limit(9).boxed().toList() + " of " + lacking.cardinality()
                + ", extra " + extra.stream().limit(9).boxed().toList() + " of " + extra.cardinality();
        assertTrue(lacking.isEmpty() && extra.isEmpty(), some);
    }

    private ByteBuffer read(PointerSlot pointer) {
        ByteBuffer bytes = ByteBuffer.wrap(medium.get(pointer.address())).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(pointer.checksum(), crc.ofBlock(bytes, 0), "S3: " + pointer);
        return bytes;
    }

    private BitSet imageBits(Root root) {
        BitSet set = new BitSet();
        set.set(0);
        data(root.image(), root.cp()).forEach((area, bytes) -> {
            int first = (int) (area * FreeMap.AREA_BLOCKS);
            BitSet.valueOf(bytes).stream().forEach(bit -> set.set(first + bit));
        });
        return set;
    }

    private BitSet deferredAddresses(Root root) {
        BitSet set = new BitSet();
        long count = 0;
        for (Map.Entry<Long, byte[]> entry : data(root.deferred(), root.cp()).entrySet()) {
            ByteBuffer bytes = ByteBuffer.wrap(entry.getValue()).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < 512; i++) {
                long word = bytes.getLong(8 * i);
                if (entry.getKey() == 0 && i == 0) {
                    count = word;
                } else if (word != 0) {
                    assertFalse(set.get((int) word), "listed once: " + word);
                    set.set((int) word);
                }
            }
        }
        assertEquals(count, set.cardinality(), "the list counts its addresses");
        return set;
    }

    private TreeMap<Long, byte[]> data(ObjectRoot root, long atCp) {
        TreeMap<Long, byte[]> data = new TreeMap<>();
        walk(root, atCp, (pointer, level, first) -> {
            if (level == 0) {
                data.put(first, read(pointer).array());
            }
        });
        return data;
    }

    private void reachOnce(ObjectRoot root, BitSet reach) {
        walk(root, cp, (pointer, level, first) -> {
            assertFalse(reach.get((int) pointer.address()), "no address twice: " + pointer);
            reach.set((int) pointer.address());
        });
    }

    private interface Each {
        void pointer(PointerSlot pointer, int level, long first);
    }

    private void walk(ObjectRoot root, long atCp, Each each) {
        List<String> problems = new ArrayList<>();
        VerifiedWalk.Blocks blocks = (pointer, into) -> {
            into.put(0, read(pointer).array());
            return true;
        };
        TreeVerifier.Visitor visitor = new TreeVerifier.Visitor() {
            @Override
            public boolean pointer(PointerSlot pointer, int level, long first) {
                each.pointer(pointer, level, first);
                return true;
            }

            @Override
            public void problem(String what) {
                problems.add(what);
            }
        };
        new VerifiedWalk(blocks, visitor).walk(root, atCp);
        assertEquals(List.of(), problems);
    }
}
