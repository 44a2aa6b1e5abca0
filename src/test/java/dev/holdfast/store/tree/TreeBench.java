package dev.holdfast.store.tree;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;

/**
 * Measures updates of one object and the free map, on one core. Not a test: run it with
 * {@code java -cp target/classes:target/test-classes dev.holdfast.store.tree.TreeBench}.
 */
public final class TreeBench {
    private static final int BLOCKS_PER_UPDATE = 100_000;

    /** Puts between two flushes. */
    private static final int PIECE = 5_000;

    private final PagePool pages = new PagePool(1 << 20);
    private final NodeTable nodes = new NodeTable(pages);
    private long cp;
    private long nextAddress = 1;
    private long freedBlocks;
    private int nodesWritten;

    private TreeBench() {}

    /** Prints one line per measurement; the last round of several counts. */
    public static void main(String[] arguments) {
        object("2 GiB, random", 2L << 18, true, 60);
        object("16 TiB, random", 16L << 28, true, 3);
        object("16 TiB, sequential", 16L << 28, false, 60);
        lookups();
        freeMap();
    }

    private static void object(String name, long blocks, boolean scattered, int rounds) {
        TreeBench bench = new TreeBench();
        Random random = new Random(1);
        ObjectRoot root = ObjectRoot.empty(blocks);
        for (int round = 1; round <= rounds; round++) {
            long[] chosen = choose(random, blocks, scattered);
            bench.nodesWritten = 0;
            long[] nanos = new long[3];
            int mostDirty = 0;
            TreeUpdate update = bench.update(root);
            for (int from = 0; from < chosen.length; from += PIECE) {
                int to = Math.min(from + PIECE, chosen.length);
                long begin = cpuNanos();
                update.plan(chosen, from, to, pointer -> {});
                long planned = cpuNanos();
                for (int i = from; i < to; i++) {
                    update.put(chosen[i], bench.nextAddress++, i);
                }
                long put = cpuNanos();
                mostDirty = Math.max(mostDirty, update.dirtyNodes());
                update.flush(chosen[to - 1], Integer.MAX_VALUE, () -> bench.nextAddress++, bench::write);
                nanos[0] += planned - begin;
                nanos[1] += put - planned;
                nanos[2] += cpuNanos() - put;
            }
            long begin = cpuNanos();
            update.finish(() -> bench.nextAddress++, bench::write);
            while (!update.step(1000)) {}
            nanos[2] += cpuNanos() - begin;
            root = update.result();
            if (round == rounds) {
                int n = chosen.length;
                System.out.printf(
                        "%-20s %,d puts: plan %d, put %d, write %d ns each; %.2f M/s; %,d nodes, most at once %,d%n",
                        name,
                        n,
                        nanos[0] / n,
                        nanos[1] / n,
                        nanos[2] / n,
                        n * 1e3 / (nanos[0] + nanos[1] + nanos[2]),
                        bench.nodesWritten,
                        mostDirty);
            }
        }
    }

    private static long[] choose(Random random, long blocks, boolean scattered) {
        long first = random.nextLong(blocks - BLOCKS_PER_UPDATE);
        long[] chosen = new long[BLOCKS_PER_UPDATE];
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = scattered ? random.nextLong(blocks) : first + i;
        }
        Arrays.sort(chosen);
        return chosen;
    }

    private TreeUpdate update(ObjectRoot root) {
        cp++;
        return new TreeUpdate(root, cp, nodes, pages, (address, birth, node) -> {
            freedBlocks++;
            if (node) {
                nodes.drop(address, birth);
            }
        });
    }

    private void write(long address, ByteBuffer bytes, int offset) {
        nodes.insert(address, cp, bytes, offset);
        nodesWritten++;
    }

    /** Of this thread, so that other work on the machine does not count. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static void lookups() {
        TreeBench bench = new TreeBench();
        long blocks = 2L << 18;
        TreeUpdate update = bench.update(ObjectRoot.empty(blocks));
        for (long block = 0; block < blocks; block++) {
            update.put(block, bench.nextAddress++, (int) block);
        }
        update.finish(() -> bench.nextAddress++, bench::write);
        while (!update.step(1000)) {}
        ObjectRoot root = update.result();
        Random random = new Random(2);
        PointerSlot slot = new PointerSlot();
        long sum = 0;
        for (int round = 0; round < 5; round++) {
            long begin = cpuNanos();
            for (int i = 0; i < 1_000_000; i++) {
                TreeReader.find(root, random.nextLong(blocks), bench.nodes, slot);
                sum += slot.address();
            }
            long end = cpuNanos();
            if (round == 4) {
                System.out.printf("lookup in 2 GiB, random: %d ns each (%d)%n", (end - begin) / 1_000_000, sum & 1);
            }
        }
    }

    private static void freeMap() {
        long blocks = 1L << 28;
        FreeMap map = new FreeMap(blocks);
        Run run = new Run();
        Random random = new Random(3);
        int[] counts = new int[1];
        Set<Long> chosen = new HashSet<>();
        long begin = cpuNanos();
        map.begin(1);
        while (map.freeBlocks() > blocks / 50) {
            map.allocate(1 + random.nextInt(64), run);
        }
        long allocated = cpuNanos();
        report(map, counts);
        long first = cpuNanos();
        map.retire();
        for (int i = 2; i < 30; i++) {
            map.begin(i);
            for (int j = 0; j < 100_000; j++) {
                long address = 100 + i + 32 * random.nextLong(blocks / 64) + 32 * (blocks / 64) * (j & 1);
                if (address < blocks - blocks / 16 && map.isTaken(address) && chosen.add(address)) {
                    map.free(address, 1);
                }
            }
            Arrays.fill(counts, 0);
            long before = cpuNanos();
            long left = 90_000;
            int runs = 0;
            while (left > 0 && map.freeBlocks() > 1 << 20) {
                map.allocate(left, run);
                left -= run.blocks;
                runs++;
            }
            long middle = cpuNanos();
            report(map, counts);
            long end = cpuNanos();
            map.retire();
            if (i == 29) {
                System.out.printf(
                        "1 TiB, 98 %% full: 90,000 blocks in %,d runs took %,d us; image of %,d blocks %,d us%n",
                        runs, (middle - before) / 1000, counts[0], (end - middle) / 1000);
            }
        }
        System.out.printf(
                "1 TiB: filled in %,d ms, first image %,d ms%n",
                (allocated - begin) / 1_000_000, (first - allocated) / 1_000_000);
    }

    private static void report(FreeMap map, int[] counts) {
        FreeMapUpdate update = new FreeMapUpdate(map, (address, bytes, offset) -> counts[0]++);
        while (!update.step(1000)) {}
    }
}
