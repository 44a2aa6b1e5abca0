package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A pool from format to verify, in the simulated world. */
final class PoolTest {
    private static final long GIB = 1L << 30;

    @Test
    void whatWasFlushedSurvivesEveryEndOfAProcess() {
        for (long seed = 1; seed <= 6; seed++) {
            PoolBench bench = new PoolBench(seed, 1, GIB);
            assertTrue(bench.open(), bench.refused);
            assertInstanceOf(Pool.Result.Done.class, bench.create(1, GIB));
            TreeMap<Long, Integer> model = new TreeMap<>();
            SplittableRandom random = new SplittableRandom(seed);
            for (int round = 0; round < 6; round++) {
                BlockVolume volume = bench.volume(1);
                for (int i = 0; i < 300; i++) {
                    long block = random.nextInt(200_000);
                    int value = 1 + random.nextInt(100);
                    assertEquals(Status.OK, bench.write(volume, block * 4096, 4096, value));
                    model.put(block, value);
                }
                end(bench, volume, round % 3);
                assertEquals(List.of(), bench.check(), "seed " + seed + ", round " + round);
                assertTrue(bench.open(), bench.refused);
                expect(bench, model, "seed " + seed + ", round " + round);
            }
        }
    }

    @Test
    void aPoolKnowsSinceWhenNoMemoryWasLost() {
        PoolBench bench = new PoolBench(1, 1, GIB);
        assertTrue(bench.open(), bench.refused);
        assertInstanceOf(Pool.Result.Done.class, bench.create(1, GIB));
        assertEquals(0, bench.pool.wholeSince());
        bench.kill();
        assertTrue(bench.open(), bench.refused);
        assertEquals(0, bench.pool.wholeSince());
        bench.powerCut();
        assertTrue(bench.open(), bench.refused);
        long first = bench.pool.wholeSince();
        assertTrue(first > 0);
        bench.kill();
        assertTrue(bench.open(), bench.refused);
        assertEquals(first, bench.pool.wholeSince());
        bench.stop();
        assertTrue(bench.open(), bench.refused);
        assertEquals(first, bench.pool.wholeSince(), "nothing was held");
        bench.powerCut();
        assertTrue(bench.open(), bench.refused);
        assertTrue(bench.pool.wholeSince() > first);
    }

    private static void end(PoolBench bench, BlockVolume volume, int how) {
        switch (how) {
            case 0 -> bench.kill();
            case 1 -> {
                assertEquals(Status.OK, bench.run(volume, Request.Kind.FLUSH, 0, 0));
                bench.powerCut();
            }
            default -> bench.stop();
        }
    }

    private static void expect(PoolBench bench, TreeMap<Long, Integer> model, String when) {
        BlockVolume volume = bench.volume(1);
        model.forEach((block, value) -> {
            Optional<byte[]> bytes = bench.read(volume, block * 4096, 4096);
            assertTrue(bytes.isPresent(), when);
            assertEquals((int) value, bytes.get()[0], when + ", block " + block);
            assertEquals((int) value, bytes.get()[4095], when + ", block " + block);
        });
    }

    /** Each marker is a consistency point of its own; a clean root must come after the last of them. */
    @Test
    void aCleanStopKeepsWhatWasWrittenBehindManySnapshots() {
        PoolBench bench = new PoolBench(8, 1, GIB);
        assertTrue(bench.open());
        bench.create(1, GIB);
        for (int snapshot = 1; snapshot <= 4; snapshot++) {
            long id = snapshot;
            assertEquals(Status.OK, bench.write(bench.volume(1), 0, 4096, snapshot));
            bench.world.run(
                    bench.committer,
                    () -> bench.pool.createSnapshot(1, id, "s" + id, false, bench.committer, result -> {}));
        }
        assertEquals(Status.OK, bench.write(bench.volume(1), 0, 4096, 9));
        bench.stop();
        assertTrue(bench.open(), bench.refused);
        assertEquals(9, bench.read(bench.volume(1), 0, 1).orElseThrow()[0]);
    }

    @Test
    void aCleanStopLeavesNothingToReplay() {
        PoolBench bench = new PoolBench(3, 1, GIB);
        assertTrue(bench.open());
        bench.create(1, GIB);
        bench.write(bench.volume(1), 0, 8192, 7);
        bench.stop();
        bench.world.machine().powerCut();
        bench.world.machine().start();
        assertTrue(bench.open());
        assertEquals(List.of(), bench.notes);
        assertEquals(7, bench.read(bench.volume(1), 4096, 10).orElseThrow()[9]);
    }

    @Test
    void snapshotsKeepWhatTheVolumeLetsGoAndGiveItBackWhenDeleted() {
        PoolBench bench = new PoolBench(4, 1, GIB);
        assertTrue(bench.open());
        bench.create(1, GIB);
        BlockVolume volume = bench.volume(1);
        for (int generation = 1; generation <= 5; generation++) {
            for (long block = 0; block < 64; block++) {
                if (block % generation == 0) {
                    bench.write(volume, block * 4096, 4096, generation);
                }
            }
            assertInstanceOf(Pool.Result.Done.class, bench.snapshot(1, generation));
        }
        bench.run(volume, Request.Kind.TRIM, 0, 64 * 4096);
        for (int generation = 1; generation <= 5; generation++) {
            BlockVolume view = bench.openSnapshot(1, generation);
            for (long block = 0; block < 64; block++) {
                int wanted = 1;
                for (int g = 1; g <= generation; g++) {
                    wanted = block % g == 0 ? g : wanted;
                }
                assertEquals(wanted, bench.read(view, block * 4096, 1).orElseThrow()[0], "block " + block);
            }
        }
        assertEquals(0, bench.read(volume, 0, 1).orElseThrow()[0]);
        for (int generation : new int[] {3, 1, 5, 2, 4}) {
            assertInstanceOf(Pool.Result.Done.class, bench.deleteSnapshot(1, generation));
            bench.kill();
            assertEquals(List.of(), bench.check(), "after deleting " + generation);
            assertTrue(bench.open());
        }
        bench.stop();
        assertEquals(List.of(), bench.check());
        assertTrue(bench.open());
        assertTrue(
                bench.status().space().usedBlocks() < 24, bench.status().space().toString());
    }

    @Test
    void aSixteenTebibyteVolumeCostsItsBlocksOnly() {
        PoolBench bench = new PoolBench(5, 1, GIB);
        assertTrue(bench.open());
        long size = 16L << 40;
        bench.create(1, size);
        BlockVolume volume = bench.volume(1);
        bench.write(volume, 0, 4096, 1);
        bench.write(volume, size - 4096, 4096, 2);
        bench.snapshot(1, 1);
        bench.write(volume, size / 2, 4096, 3);
        bench.snapshot(1, 2);
        assertEquals(List.of(new Pool.ByteRange(size / 2, 4096)), bench.changes(1, 1));
        bench.write(volume, size / 4, 8192, 4);
        assertEquals(
                List.of(new Pool.ByteRange(size / 4, 8192)), bench.changes(1, 2), "what was just written is a change");
        assertEquals(2, bench.read(volume, size - 1, 1).orElseThrow()[0]);
        assertTrue(bench.status().space().usedBlocks() < 60);
        bench.run(volume, Request.Kind.TRIM, 0, size);
        bench.stop();
        assertEquals(List.of(), bench.check());
    }

    @Test
    void aDeletedVolumesSpaceComesBack() {
        PoolBench bench = new PoolBench(6, 1, GIB);
        assertTrue(bench.open());
        bench.create(1, GIB);
        long before = bench.status().space().freeBlocks();
        BlockVolume volume = bench.volume(1);
        for (int i = 0; i < 64; i++) {
            bench.write(volume, (long) i << 20, 1 << 20, i + 1);
            if (i % 16 == 0) {
                bench.snapshot(1, i + 1);
            }
        }
        assertInstanceOf(Pool.Result.Done.class, bench.delete(1));
        assertFalse(bench.pool.volume(1).isPresent());
        bench.world.runFor(60_000_000_000L);
        assertTrue(
                before - bench.status().space().freeBlocks() < 64,
                bench.status().toString());
        bench.stop();
        assertEquals(List.of(), bench.check());
    }

    @Test
    void aHalfThatStayedBehindIsNotTheTruth() {
        PoolBench bench = new PoolBench(7, 2, GIB);
        assertTrue(bench.open());
        bench.create(1, GIB);
        bench.write(bench.volume(1), 0, 4096, 1);
        bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0);
        bench.world.machine().device("/disk1").faults().gone = true;
        bench.write(bench.volume(1), 0, 4096, 2);
        assertEquals(Status.OK, bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0));
        bench.powerCut();
        bench.world.machine().device("/disk1").faults().heal();
        assertTrue(bench.open(), bench.refused);
        assertEquals(2, bench.read(bench.volume(1), 0, 1).orElseThrow()[0]);
    }
}
