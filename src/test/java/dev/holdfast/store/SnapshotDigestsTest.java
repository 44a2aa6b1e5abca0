package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.store.verify.TreeDigests;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Digests of what two pools have: equal for equal bytes, and only for these. */
final class SnapshotDigestsTest {
    private static final long GIB = 1L << 30;
    private static final int BLOCK = 4096;

    private static PoolBench pool(long seed) {
        PoolBench bench = new PoolBench(seed, 1, GIB);
        assertTrue(bench.open(), bench.refused);
        assertEquals(new Pool.Result.Done(), bench.create(1, GIB));
        return bench;
    }

    private static void write(PoolBench bench, long block, int blocks, int value) {
        for (int done = 0; done < blocks; done += 100) {
            int length = Math.min(100, blocks - done) * BLOCK;
            assertEquals(Status.OK, bench.write(bench.volume(1), (block + done) * BLOCK, length, value));
        }
    }

    /** A root, so that what comes next is in another one. */
    private static void root(PoolBench bench) {
        bench.stop();
        assertTrue(bench.open(), bench.refused);
    }

    private static Optional<Pool.Digested> ask(PoolBench bench, long snapshot, TreeDigests.Ranges ranges) {
        return PoolBench.await(
                bench.world, bench.committer, told -> bench.pool.digests(1, snapshot, ranges, bench.committer, told));
    }

    private static List<TreeDigests.Digest> digests(PoolBench bench, int unitBlocks, boolean reads) {
        List<TreeDigests.Digest> all = new ArrayList<>();
        long end = GIB / BLOCK;
        while (all.size() * (long) unitBlocks < end) {
            TreeDigests.Ranges ranges = new TreeDigests.Ranges(all.size() * (long) unitBlocks, unitBlocks, 512, reads);
            List<TreeDigests.Digest> more = ask(bench, 1, ranges).orElseThrow().digests();
            assertTrue(!more.isEmpty() && more.size() <= 512, "an answer has some, and no more than asked");
            all.addAll(more);
        }
        return all;
    }

    @Test
    void equalBytesSayTheSameWhereverTheyLieAndWhenTheyCame() {
        PoolBench one = pool(1);
        PoolBench two = pool(2);
        for (int i = 0; i < 40; i++) {
            write(one, i * 5000L, 3, i + 1);
        }
        write(one, 7, 300, 99);
        write(two, 7, 150, 98);
        root(two);
        write(two, 7, 300, 99);
        for (int i = 39; i >= 0; i--) {
            write(two, i * 5000L, 3, i + 1);
        }
        root(two);
        write(two, 200_000, 100, 5);
        root(two);
        assertEquals(Status.OK, two.run(two.volume(1), Request.Kind.TRIM, 200_000L * BLOCK, 100L * BLOCK));
        one.snapshot(1, 1);
        two.snapshot(1, 1);
        assertEquals(digests(one, 4096, false), digests(two, 4096, false));
        assertEquals(digests(one, 1000, true), digests(two, 1000, false));
        assertEquals(
                420,
                digests(one, 4096, false).stream()
                        .mapToInt(TreeDigests.Digest::blocks)
                        .sum());
    }

    @Test
    void zeroesAreHoles() {
        PoolBench one = pool(1);
        PoolBench two = pool(2);
        write(one, 10, 5, 1);
        write(two, 10, 5, 1);
        write(two, 12, 2, 0);
        assertEquals(Status.OK, one.run(one.volume(1), Request.Kind.TRIM, 12L * BLOCK, 2L * BLOCK));
        one.snapshot(1, 1);
        two.snapshot(1, 1);
        assertEquals(digests(one, 4096, false), digests(two, 4096, false));
    }

    @Test
    void anotherByteIsAnotherDigestOfItsRangeAndOfNoOther() {
        PoolBench one = pool(1);
        PoolBench two = pool(2);
        write(one, 0, 3000, 7);
        write(two, 0, 3000, 7);
        write(two, 2047, 1, 8);
        one.snapshot(1, 1);
        two.snapshot(1, 1);
        List<TreeDigests.Digest> before = digests(one, 64, false);
        List<TreeDigests.Digest> after = digests(two, 64, false);
        for (int unit = 0; unit < before.size(); unit++) {
            if (unit == 31) {
                assertNotEquals(before.get(unit), after.get(unit));
            } else {
                assertEquals(before.get(unit), after.get(unit));
            }
        }
        assertNotEquals(before.get(1), before.get(0)); // Equal bytes at other places are other bytes.
    }

    /** The checksums in the tree agree; only who reads notices. */
    @Test
    void aBlockThatRottedIsNoticedByReading() {
        PoolBench one = pool(1);
        write(one, 0, 300, 7);
        write(one, 130, 1, 9);
        one.snapshot(1, 1);
        List<TreeDigests.Digest> sound = digests(one, 16, true);
        PoolDamage damage = new PoolDamage(one, "/disk0");
        damage.rot(damage.filledWith(9));
        assertEquals(sound, digests(one, 16, false));
        List<TreeDigests.Digest> rotten = digests(one, 16, true);
        assertNotEquals(sound.get(8), rotten.get(8));
        assertEquals(sound.subList(0, 8), rotten.subList(0, 8));
        assertEquals(sound.subList(9, 40), rotten.subList(9, 40));
    }

    @Test
    void whatIsNotThereSaysNothing() {
        PoolBench one = pool(1);
        one.snapshot(1, 1);
        TreeDigests.Ranges ranges = new TreeDigests.Ranges(0, 16, 4, false);
        assertEquals(Optional.empty(), ask(one, 2, ranges));
        assertEquals(Optional.empty(), ask(one, 1, new TreeDigests.Ranges(1 << 20, 16, 4, false)));
        one.deleteSnapshot(1, 1);
        root(one);
        assertEquals(Optional.empty(), ask(one, 1, ranges));
    }
}
