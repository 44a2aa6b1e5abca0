package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Pools that run out of space, writers that outrun memory, and very many snapshots. */
final class PoolFaultSpaceTest {
    private static final int PIECE = 256 << 10;

    /** Writes pieces one after another until one is refused for space; returns what was acknowledged. */
    private static TreeMap<Long, Integer> fill(PoolBench bench, int salt) {
        TreeMap<Long, Integer> kept = new TreeMap<>();
        BlockVolume volume = bench.volume(1);
        for (long offset = 0; offset < 64 << 20; offset += PIECE) {
            int value = 1 + (int) (offset / PIECE + salt) % 100;
            Status status = bench.write(volume, offset, PIECE, value);
            if (status == Status.NO_SPACE) {
                return kept;
            }
            assertEquals(Status.OK, status);
            kept.put(offset, value);
        }
        throw new IllegalStateException("the pool never got full");
    }

    private static void expect(PoolBench bench, TreeMap<Long, Integer> kept) {
        kept.forEach((offset, value) -> {
            byte[] bytes = bench.read(bench.volume(1), offset, PIECE).orElseThrow();
            assertEquals((int) value, bytes[0], "offset " + offset);
            assertEquals((int) value, bytes[PIECE - 1], "offset " + offset);
        });
    }

    @Test
    void aFullPoolRefusesWritesLosesNothingAndGoesOnAfterATrim() {
        PoolBench bench = new PoolBench(61, 1, 40 << 20);
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 1L << 30);
        for (int round = 0; round < 3; round++) {
            TreeMap<Long, Integer> kept = fill(bench, round);
            assertTrue(kept.size() > 20, "most of the pool is there to be used: " + kept.size());
            expect(bench, kept);
            assertEquals(Status.OK, bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0));
            if (round == 1) {
                bench.kill();
            } else {
                bench.powerCut();
            }
            assertEquals(List.of(), bench.check());
            assertTrue(bench.open(), bench.refused);
            expect(bench, kept);
            assertEquals(Status.OK, bench.run(bench.volume(1), Request.Kind.TRIM, 0, 1L << 30));
            bench.world.runFor(30_000_000_000L);
        }
        bench.stop();
        assertEquals(List.of(), bench.check());
    }

    @Test
    void snapshotsFillAPoolTooAndDeletingThemFreesIt() {
        PoolBench bench = new PoolBench(62, 1, 64 << 20);
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 1L << 30);
        int snapshots = 0;
        Status status = Status.OK;
        while (status == Status.OK) {
            for (long offset = 0; offset < 4 << 20 && status == Status.OK; offset += PIECE) {
                status = bench.write(bench.volume(1), offset, PIECE, 1 + snapshots);
            }
            if (status == Status.OK) {
                assertInstanceOf(Pool.Result.Done.class, bench.snapshot(1, ++snapshots));
            }
        }
        assertEquals(Status.NO_SPACE, status);
        assertTrue(snapshots > 4, "snapshots " + snapshots);
        for (int id = 1; id <= snapshots; id++) {
            BlockVolume view = bench.openSnapshot(1, id);
            assertEquals(id, bench.read(view, (4 << 20) - 1, 1).orElseThrow()[0]);
        }
        for (int id = 1; id <= snapshots; id += 2) {
            assertInstanceOf(Pool.Result.Done.class, bench.deleteSnapshot(1, id));
        }
        bench.world.runFor(30_000_000_000L);
        assertEquals(Status.OK, bench.write(bench.volume(1), 0, 1 << 20, 101));
        bench.stop();
        assertEquals(List.of(), bench.check());
    }

    @Test
    void aPoolStopsInTheMiddleOfADeletionAndEndsItLater() {
        PoolBench bench = new PoolBench(65, 1, 256 << 20);
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 1L << 40);
        for (int i = 0; i < 1500; i++) {
            assertEquals(Status.OK, bench.write(bench.volume(1), (long) i << 26, 4096, 1));
        }
        assertInstanceOf(Pool.Result.Done.class, bench.delete(1));
        bench.stop();
        assertEquals(List.of(), bench.check());
        assertTrue(bench.open(), bench.refused);
        bench.create(2, 1 << 20);
        bench.world.runFor(30_000_000_000L);
        assertTrue(bench.status().space().usedBlocks() < 24, bench.status().toString());
    }

    @Test
    void aWriterThatNeverFlushesIsHeldBackAndNeverRefused() {
        PoolBench bench = new PoolBench(63, 1, 256 << 20);
        bench.memoryBytes = 4 << 20;
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 1L << 30);
        BlockVolume volume = bench.volume(1);
        for (int i = 0; i < 40 * 16; i++) {
            long offset = (i % 128) * 65536L;
            assertEquals(Status.OK, bench.write(volume, offset, 65536, 1 + i / 128));
        }
        for (int i = 0; i < 2000; i++) {
            assertEquals(Status.OK, bench.write(volume, i * 8192L + 1024, 512, 9));
        }
        bench.kill();
        assertEquals(List.of(), bench.check());
        assertTrue(bench.open(), bench.refused);
        assertEquals(9, bench.read(bench.volume(1), 1999 * 8192L + 1024, 1).orElseThrow()[0]);
        assertEquals(5, bench.read(bench.volume(1), 0, 1).orElseThrow()[0]);
    }

    @Test
    void theThousandthSnapshotCostsWhatTheTenthDid() {
        PoolBench bench = new PoolBench(64, 1, 256 << 20);
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 1L << 30);
        long early = 0;
        long late = 0;
        for (int id = 1; id <= 1000; id++) {
            bench.write(bench.volume(1), id % 50 * 4096L, 4096, 1 + id % 100);
            long before = operations(bench);
            assertInstanceOf(Pool.Result.Done.class, bench.snapshot(1, id));
            early += id > 10 && id <= 30 ? operations(bench) - before : 0;
            late += id > 980 ? operations(bench) - before : 0;
        }
        assertTrue(late <= early + early / 2, "operations of 20 snapshots: " + early + ", later " + late);
        assertEquals(1000, bench.status().shards().getFirst().snapshots().size());
        long before = operations(bench);
        for (int id = 1; id <= 1000; id += 2) {
            assertInstanceOf(Pool.Result.Done.class, bench.deleteSnapshot(1, id));
        }
        long deletes = (operations(bench) - before) / 500;
        assertTrue(deletes <= 4 * Math.max(1, early / 20), "operations of one deletion: " + deletes);
        bench.world.runFor(30_000_000_000L);
        bench.stop();
        assertEquals(List.of(), bench.check());
        assertTrue(bench.open(), bench.refused);
        assertEquals(500, bench.status().shards().getFirst().snapshots().size());
        for (int id = 2; id <= 1000; id += 98) {
            BlockVolume view = bench.openSnapshot(1, id);
            assertEquals(1 + id % 100, bench.read(view, id % 50 * 4096L, 1).orElseThrow()[0], "snapshot " + id);
        }
    }

    private static long operations(PoolBench bench) {
        return bench.world.machine().device("/disk0").issuedOperations();
    }
}
