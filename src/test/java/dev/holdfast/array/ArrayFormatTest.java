package dev.holdfast.array;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Label;
import dev.holdfast.device.Protection;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.sim.world.Medium;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class ArrayFormatTest {
    private static final Id128 OTHER_POOL = new Id128(5, 6);

    private static String refusal(ArrayFormat.Outcome outcome) {
        return assertInstanceOf(ArrayFormat.Outcome.Refused.class, outcome).reason();
    }

    private static void put(ArrayBench bench, int slot, long offset, byte[] bytes) {
        long block = offset / ArrayBench.BLOCK;
        byte[] page = bench.device(slot).medium().read(block).clone();
        System.arraycopy(bytes, 0, page, (int) (offset % ArrayBench.BLOCK), bytes.length);
        bench.device(slot).medium().overwrite(block, page);
    }

    private static Label.Reading label(ArrayBench bench, int slot, int copy) {
        return Label.decode(ByteBuffer.wrap(bench.device(slot).medium().read(copy)), 0);
    }

    @Test
    void bothLabelsOfEveryDiskSayTheSameAndSurviveAPowerCut() {
        for (long seed = 0; seed < 10; seed++) {
            ArrayBench bench = new ArrayBench(seed, 2);
            bench.format();
            bench.powerCut();
            for (int slot = 0; slot < 2; slot++) {
                Label.Reading.Found found =
                        assertInstanceOf(Label.Reading.Found.class, label(bench, slot, 0), "seed " + seed);
                assertEquals(found, label(bench, slot, 1), "seed " + seed);
                assertEquals(
                        new Label.Place(slot, 2, Protection.mirror(2)),
                        found.label().place());
                assertEquals(ArrayBench.POOL, found.label().ids().pool());
                assertEquals(ArrayBench.CLUSTER, found.label().ids().cluster());
            }
        }
    }

    @Test
    void theLogRegionIsZeroAndHasItsRoomBeforeAnybodyWritesToIt() {
        ArrayBench bench = new ArrayBench(1, 2);
        put(bench, 1, (1 << 20) + 100, new byte[] {1});
        bench.format();
        bench.powerCut();
        for (int slot = 0; slot < 2; slot++) {
            Medium medium = bench.device(slot).medium();
            List<Long> stored = Arrays.stream(medium.storedBlocks()).boxed().toList();
            long first = (1 << 20) / ArrayBench.BLOCK;
            for (long block = first; block < first + ArrayBench.LOG_BYTES / ArrayBench.BLOCK; block++) {
                assertTrue(stored.contains(block), "slot " + slot + ", block " + block);
                assertArrayEquals(new byte[ArrayBench.BLOCK], medium.read(block));
            }
        }
    }

    @Test
    void theShortestDiskDecidesTheLayout() {
        ArrayBench bench = new ArrayBench(1, 1);
        bench.world.machine().plug("/short", 8 << 20);
        ArrayFormat.Outcome outcome = bench.tryFormat(List.of("/d0", "/short"), 2, ArrayBench.POOL, false);
        Geometry geometry =
                assertInstanceOf(ArrayFormat.Outcome.Formatted.class, outcome).geometry();
        assertEquals(8 << 20, geometry.endBytes());
        assertEquals((6 << 20) / 4096, geometry.dataBlocks());
    }

    @Test
    void aDiskInUseIsRefusedByNameUnlessForced() {
        Map<Integer, String> marks =
                new TreeMap<>(Map.of(512, "EFI PART", 0, "XFSB", 65600, "_BHRfS_M", 4086, "SWAPSPACE2"));
        for (Map.Entry<Integer, String> mark : marks.entrySet()) {
            ArrayBench bench = new ArrayBench(1, 1);
            put(bench, 0, mark.getKey(), mark.getValue().getBytes(StandardCharsets.US_ASCII));
            String reason = refusal(bench.tryFormat(bench.paths, 1, ArrayBench.POOL, false));
            assertTrue(reason.startsWith("/d0: holds a") || reason.startsWith("/d0: holds swap"), reason);
            assertTrue(
                    reason.endsWith("pick another, or clear its first 2 MiB if that is not needed any more"), reason);
            assertFalse(bench.device(0).isOpen());
            assertInstanceOf(
                    ArrayFormat.Outcome.Formatted.class, bench.tryFormat(bench.paths, 1, ArrayBench.POOL, true));
            bench.open();
        }
    }

    @Test
    void anyByteAtItsHeadOrTailMeansInUse() {
        long[] offsets = {1, 5000, (1 << 20) - 1, ArrayBench.DISK_BYTES - (64 << 10), ArrayBench.DISK_BYTES - 1};
        for (long offset : offsets) {
            ArrayBench bench = new ArrayBench(1, 2);
            put(bench, 1, offset, new byte[] {1});
            String reason = refusal(bench.tryFormat(bench.paths, 2, ArrayBench.POOL, false));
            assertTrue(reason.startsWith("/d1: holds data"), reason);
            assertEquals(new Label.Reading.Blank(), label(bench, 0, 0), "nothing was written");
        }
    }

    @Test
    void aDiskOfAPoolIsNotTakenForAnotherUnlessForced() {
        ArrayBench bench = new ArrayBench(1, 1);
        bench.format();
        String reason = refusal(bench.tryFormat(bench.paths, 1, OTHER_POOL, false));
        assertEquals(
                "/d0: holds a disk of pool " + ArrayBench.POOL
                        + "; pick another, or clear its first 2 MiB if that is not needed any more",
                reason);
        bench.device(0).medium().rot(0, 100);
        bench.device(0).medium().rot(1, 100);
        reason = refusal(bench.tryFormat(bench.paths, 1, OTHER_POOL, false));
        assertEquals(
                "/d0: holds a Holdfast label; pick another, or clear its first 2 MiB if that is not needed any more",
                reason);
    }

    @Test
    void forcingEmptiesTheRootRing() {
        ArrayBench bench = ArrayBench.opened(1, 1);
        bench.writeRoot(9, 1000, 1);
        bench.run(bench.array::close);
        assertInstanceOf(ArrayFormat.Outcome.Formatted.class, bench.tryFormat(bench.paths, 1, ArrayBench.POOL, true));
        bench.open();
        for (int at = 0; at < Geometry.ROOT_BYTES; at += ArrayBench.BLOCK) {
            assertTrue(
                    ArrayBench.peek(bench.opened.rings().getFirst().bytes(), at).isEmpty());
        }
    }

    @Test
    void whatCanNotBeAnArrayIsRefusedInOneLine() {
        ArrayBench bench = new ArrayBench(1, 2);
        bench.world.machine().plug("/tiny", 2 << 20);
        assertEquals(
                "protection mirror:3 takes 3 disk(s), not 2",
                refusal(bench.tryFormat(bench.paths, 3, ArrayBench.POOL, false)));
        assertEquals(
                "too short: the shortest disk has 2097152 bytes, at least 3145728 are needed",
                refusal(bench.tryFormat(List.of("/d0", "/tiny"), 2, ArrayBench.POOL, false)));
        assertEquals("/no: no such disk", refusal(bench.tryFormat(List.of("/d0", "/no"), 2, ArrayBench.POOL, false)));
        String twice = refusal(bench.tryFormat(List.of("/d0", "/d0"), 2, ArrayBench.POOL, false));
        assertTrue(twice.contains("locked"), twice);
        bench.world.machine().devices().forEach(device -> assertFalse(device.isOpen(), device.path()));
    }

    @Test
    void twoPathsToOneDiskAreNoticedWhenLabelsAreReadBack() {
        ArrayBench bench = new ArrayBench(1, 1);
        AliasedDisks disks = new AliasedDisks(bench.world.disks(), "/d0", "/alias");
        ArrayFormat.Plan plan = new ArrayFormat.Plan(
                ArrayBench.CLUSTER, ArrayBench.POOL, Protection.mirror(2), ArrayBench.LOG_BYTES, 0, false);
        String reason = refusal(bench.await(done ->
                ArrayFormat.format(disks, List.of("/d0", "/alias"), plan, bench.world.entropy(), bench.loop, done)));
        assertTrue(reason.endsWith("the same disk as /d0") || reason.endsWith("the same disk as /alias"), reason);
    }

    @Test
    void anErrorAtAnyOperationIsRefusedAndLeavesNoDiskOpen() {
        for (int n = 1; n < 50; n++) {
            ArrayBench bench = new ArrayBench(n, 2);
            bench.device(1).faults().failNth(n, DiskOutcome.MEDIA_ERROR);
            ArrayFormat.Outcome outcome = bench.tryFormat(bench.paths, 2, ArrayBench.POOL, false);
            if (outcome instanceof ArrayFormat.Outcome.Formatted) {
                assertTrue(n > 6, "every operation was failed once, " + n);
                return;
            }
            assertTrue(refusal(outcome).startsWith("/d1: input/output error while"), refusal(outcome));
            assertFalse(bench.device(0).isOpen() || bench.device(1).isOpen());
        }
        throw new AssertionError("formatting never ended");
    }

    @Test
    void aCrashWhileFormattingLeavesNoOldLabelOverAnEmptyRing() {
        int unlabelled = 0;
        for (long seed = 0; seed < 200; seed++) {
            ArrayBench bench = ArrayBench.opened(seed, 1);
            bench.writeRoot(1, 1, 1);
            bench.run(bench.array::close);
            long before = bench.device(0).issuedOperations();
            List<ArrayFormat.Outcome> outcomes = new ArrayList<>();
            ArrayFormat.Plan plan = new ArrayFormat.Plan(
                    ArrayBench.CLUSTER, OTHER_POOL, Protection.SINGLE, ArrayBench.LOG_BYTES, 0, true);
            bench.loop.post(() -> ArrayFormat.format(
                    bench.world.disks(), bench.paths, plan, bench.world.entropy(), bench.loop, outcomes::add));
            long stop = before + 1 + seed % 6;
            bench.world.runUntil(() -> bench.device(0).issuedOperations() >= stop || !outcomes.isEmpty());
            bench.powerCut();
            ArrayOpened opened = bench.tryOpen(bench.paths);
            if (opened instanceof ArrayOpened.Opened old) {
                ByteBuffer ring = old.rings().getFirst().bytes();
                assertTrue(ArrayBench.peek(ring, 4096).isPresent(), "the old label with its old root, seed " + seed);
            } else {
                unlabelled++;
            }
        }
        assertTrue(unlabelled > 20, "crashes hit the middle, " + unlabelled);
    }
}
