package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Flushes beside a consistency point: its root covers less than the log holds. */
final class PoolFlushTest {
    private static final int LONG_WRITE = 1 << 20;

    @Test
    void whatIsFlushedBesideAConsistencyPointSurvivesAPowerCutRightAfterIt() {
        for (long seed = 1; seed <= 12; seed++) {
            PoolBench bench = new PoolBench(seed, 1, 256 << 20);
            bench.memoryBytes = 32 << 20;
            assertTrue(bench.open(), bench.refused);
            bench.create(1, 64 << 20);
            BlockVolume volume = bench.volume(1);
            for (int piece = 0; piece < 8; piece++) {
                bench.write(volume, (long) piece * LONG_WRITE, LONG_WRITE, 1);
            }
            assertEquals(Status.OK, bench.run(volume, Request.Kind.FLUSH, 0, 0));
            List<Pool.Result> snapshot = new ArrayList<>();
            bench.world.run(
                    bench.committer, () -> bench.pool.createSnapshot(1, 1, "s", false, bench.committer, snapshot::add));
            bench.world.runFor(seed * 100_000L);
            bench.write(volume, 0, 8192, 2);
            assertEquals(Status.OK, bench.run(volume, Request.Kind.FLUSH, 0, 0));
            assertTrue(snapshot.isEmpty(), "the consistency point of the snapshot is under way, seed " + seed);
            bench.world.runUntil(() -> !snapshot.isEmpty());
            assertInstanceOf(Pool.Result.Done.class, snapshot.getFirst());
            bench.powerCut();
            assertEquals(List.of(), bench.check(), "seed " + seed);
            assertTrue(bench.open(), bench.refused);
            assertEquals(2, bench.read(bench.volume(1), 0, 8192).orElseThrow()[8191], "seed " + seed);
            assertEquals(1, bench.read(bench.openSnapshot(1, 1), 0, 8192).orElseThrow()[8191], "seed " + seed);
        }
    }
}
