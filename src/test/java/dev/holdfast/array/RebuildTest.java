package dev.holdfast.array;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.DiskOutcome;
import dev.holdfast.sim.random.SimRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class RebuildTest {
    private static final Optional<String> FINE = Optional.empty();

    /** A mirror of {@code copies} whose slot 1 fell out, with blocks 1 to {@code blocks} written before and after. */
    private static ArrayBench degraded(long seed, int copies, int blocks) {
        ArrayBench bench = ArrayBench.opened(seed, copies);
        long all = (1L << copies) - 1;
        bench.writeRoot(1, 1, all);
        for (int i = 0; i < blocks; i += 64) {
            bench.write(1 + i, Math.min(64, blocks - i), i);
        }
        bench.device(1).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
        bench.flush();
        assertEquals(all & ~0b10, bench.array.members());
        bench.writeRoot(2, 1, bench.array.members());
        return bench;
    }

    private static Rebuild begin(ArrayBench bench) {
        List<Rebuild> rebuild = new ArrayList<>();
        assertEquals(FINE, bench.<Optional<String>>await(done -> rebuild.add(Rebuild.begin(bench.array, 1, done))));
        return rebuild.getFirst();
    }

    private static Optional<String> copy(ArrayBench bench, Rebuild rebuild, long address, int count) {
        return bench.await(done -> rebuild.copy(address, count, done));
    }

    private static Optional<String> finish(ArrayBench bench, Rebuild rebuild) {
        return bench.await(rebuild::finish);
    }

    /** Takes every member but slot 1 away, so that only what was rebuilt can be read. */
    private static void leaveOnlyTheRebuilt(ArrayBench bench) {
        for (int slot = 0; slot < bench.array.slots(); slot++) {
            bench.device(slot).faults().gone = slot != 1;
        }
        assertEquals(ArrayOutcome.MEMBER_LOST, bench.flush());
        assertEquals(0b10, bench.array.members());
    }

    @Test
    void whatWasCopiedAndWhatWasWrittenMeanwhileIsThere() {
        for (int copies = 2; copies <= 3; copies++) {
            ArrayBench bench = degraded(1, copies, 300);
            Rebuild rebuild = begin(bench);
            assertEquals("being rebuilt", bench.array.health().get(1).reason());
            assertEquals(FINE, copy(bench, rebuild, 1, 256));
            assertEquals(ArrayOutcome.OK, bench.write(400, 3, 40));
            assertEquals(ArrayOutcome.OK, bench.write(5, 1, 77));
            assertEquals(FINE, copy(bench, rebuild, 257, 44));
            assertEquals(ArrayOutcome.OK, bench.flush());
            assertFalse((bench.array.members() & 0b10) != 0);
            assertEquals(FINE, finish(bench, rebuild));
            assertEquals((1L << copies) - 1, bench.array.members());
            assertEquals(300, rebuild.copiedBlocks());
            assertTrue(rebuild.isOver());
            assertEquals("", bench.array.health().get(1).reason());
            assertEquals(ArrayOutcome.OK, bench.writeRoot(3, 2, bench.array.members()));
            bench.powerCut();
            bench.open();
            assertEquals((1L << copies) - 1, bench.array.members());
            leaveOnlyTheRebuilt(bench);
            bench.readGood(1, 4, 0);
            bench.readGood(5, 1, 77);
            for (int i = 6; i <= 300; i++) {
                bench.readGood(i, 1, (i - 1) / 64 * 64 + (i - 1) % 64);
            }
            bench.readGood(400, 3, 40);
        }
    }

    @Test
    void untilARootNamesItTheDeviceIsNotTakenForCurrent() {
        for (int stop = 0; stop < 4; stop++) {
            ArrayBench bench = degraded(stop, 2, 10);
            Rebuild rebuild = begin(bench);
            if (stop > 0) {
                copy(bench, rebuild, 1, 10);
                bench.writeRoot(2, 2, 0b01);
            }
            if (stop > 1) {
                finish(bench, rebuild);
            }
            if (stop > 2) {
                bench.writeRoot(3, 3, 0b11);
            }
            bench.powerCut();
            bench.open();
            assertEquals(stop > 2 ? 0b11 : 0b01, bench.array.members(), "stop " + stop);
            assertEquals(0, bench.opened.left());
        }
    }

    @Test
    void copiesNeverEndOverNewerWrites() {
        for (long seed = 0; seed < 40; seed++) {
            ArrayBench bench = degraded(seed, 2, 64);
            SimRandom random = new SimRandom(seed);
            TreeMap<Long, Integer> expected = new TreeMap<>();
            for (int i = 0; i < 64; i++) {
                expected.put(1L + i, i);
            }
            List<ArrayOutcome> outcomes = new ArrayList<>();
            int writes = 0;
            for (; writes < 5; writes++) {
                startWrite(bench, expected, 1 + writes, outcomes);
            }
            Rebuild rebuild = begin(bench);
            List<Optional<String>> copied = new ArrayList<>();
            bench.run(() -> rebuild.copy(1, 64, copied::add));
            for (; writes < 30; writes++) {
                startWrite(bench, expected, 1 + writes * 2, outcomes);
                for (int steps = random.below(8); steps > 0; steps--) {
                    bench.world.step();
                }
            }
            int all = writes;
            bench.world.runUntil(() -> !copied.isEmpty() && outcomes.size() == all);
            assertEquals(List.of(FINE), copied);
            assertEquals(FINE, finish(bench, rebuild));
            leaveOnlyTheRebuilt(bench);
            expected.forEach((address, value) -> assertEquals(
                    0, bench.read(address, 1, value).bad, "block " + address + " of seed " + bench.world.seed()));
        }
    }

    private static void startWrite(
            ArrayBench bench, TreeMap<Long, Integer> expected, long address, List<ArrayOutcome> outcomes) {
        expected.put(address, (int) address + 100);
        bench.loop.post(() -> bench.array.write(
                address,
                ArrayBench.filled(1, (int) address + 100),
                bench.loop,
                (token, outcome) -> outcomes.add(outcome),
                0));
    }

    @Test
    void aBlockNoMemberCanReadIsSkippedAndCounted() {
        ArrayBench bench = degraded(1, 3, 64);
        for (int slot : new int[] {0, 2}) {
            bench.device(slot).medium().spoil(bench.diskBlock(20));
        }
        bench.device(0).medium().spoil(bench.diskBlock(30));
        bench.device(2).medium().spoil(bench.diskBlock(40));
        Rebuild rebuild = begin(bench);
        assertEquals(FINE, copy(bench, rebuild, 1, 64));
        assertEquals(1, rebuild.unreadableBlocks());
        assertEquals(63, rebuild.copiedBlocks());
        assertEquals(FINE, finish(bench, rebuild));
        leaveOnlyTheRebuilt(bench);
        bench.readGood(30, 1, 29);
        bench.readGood(40, 1, 39);
    }

    @Test
    void aDeviceThatFailsWhileItIsRebuiltCostsTheRebuildAndNothingElse() {
        for (int n = 1; n <= 6; n++) {
            ArrayBench bench = degraded(n, 2, 64);
            bench.device(1).faults().failNth(n, DiskOutcome.MEDIA_ERROR);
            List<Rebuild> rebuilds = new ArrayList<>();
            List<Optional<String>> steps = new ArrayList<>();
            steps.add(bench.await(done -> rebuilds.add(Rebuild.begin(bench.array, 1, done))));
            Rebuild rebuild = rebuilds.getFirst();
            steps.add(copy(bench, rebuild, 1, 64));
            assertEquals(ArrayOutcome.OK, bench.write(70, 1, 1));
            assertEquals(ArrayOutcome.OK, bench.flush());
            assertEquals(ArrayOutcome.OK, bench.writeLog(0, 1));
            steps.add(finish(bench, rebuild));
            Optional<String> last = steps.getLast();
            assertTrue(last.orElseThrow().contains("rebuild of place 1 failed: "), last.toString());
            assertTrue(bench.array.health().get(1).reason().contains("rebuild failed: "));
            assertEquals(0b01, bench.array.members());
            assertTrue(rebuild.isOver());
            rebuildAll(bench);
        }
    }

    private static void rebuildAll(ArrayBench bench) {
        Rebuild again = begin(bench);
        assertEquals(FINE, copy(bench, again, 1, 70));
        assertEquals(FINE, finish(bench, again));
        assertEquals(0b11, bench.array.members());
        assertEquals(ArrayOutcome.OK, bench.writeRoot(3, 2, 0b11));
        leaveOnlyTheRebuilt(bench);
        bench.readGood(1, 64, 0);
        bench.readGood(70, 1, 1);
    }

    @Test
    void anAbandonedRebuildTellsItsStepAndLeavesTheWayFree() {
        ArrayBench bench = degraded(1, 2, 64);
        Rebuild rebuild = begin(bench);
        List<Optional<String>> copied = new ArrayList<>();
        bench.device(1).faults().stuck = true;
        bench.run(() -> rebuild.copy(1, 64, copied::add));
        bench.world.runFor(1_000_000_000L);
        bench.run(() -> rebuild.abandon("told to"));
        bench.world.runFor(1_000_000_000L);
        assertTrue(copied.isEmpty(), "its write is still under way");
        assertFalse(rebuild.isOver());
        assertEquals(ArrayOutcome.OK, bench.write(70, 1, 1), "the array does not wait for it");
        bench.device(1).faults().stuck = false;
        bench.device(1).settle();
        bench.world.runUntil(() -> !copied.isEmpty());
        assertEquals(List.of(Optional.of("rebuild of place 1 failed: told to")), copied);
        assertTrue(rebuild.isOver());
        rebuildAll(bench);
    }

    @Test
    void operationsOfTheOldDiskDoNotCountAgainstTheNewOne() {
        ArrayBench bench = ArrayBench.opened(1, 2);
        bench.write(1, 64, 0);
        bench.write(70, 1, 1);
        List<ArrayOutcome> outcomes = new ArrayList<>();
        bench.device(1).faults().stuck = true;
        bench.run(() -> bench.array.flush(bench.loop, (token, outcome) -> outcomes.add(outcome), 0));
        bench.device(1).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
        bench.run(() -> bench.array.flush(bench.loop, (token, outcome) -> outcomes.add(outcome), 0));
        bench.world.runFor(1_000_000_000L);
        bench.device(1).faults().gone = true;
        bench.device(1).settle();
        bench.world.runUntil(() -> outcomes.size() == 2);
        assertEquals(List.of(ArrayOutcome.MEMBER_LOST, ArrayOutcome.MEMBER_LOST), outcomes);
        bench.device(1).faults().heal();
        rebuildAll(bench);
    }

    @Test
    void aNewDiskTakesThePlaceOfOneThatIsMissing() {
        ArrayBench bench = degraded(1, 2, 64);
        bench.write(70, 1, 1);
        bench.restart();
        bench.world.machine().unplug("/d1");
        bench.opened = assertInstanceOf(ArrayOpened.Opened.class, bench.tryOpen(List.of("/d0")));
        bench.array = bench.opened.array();
        bench.world.machine().plug("/d1", ArrayBench.DISK_BYTES);
        bench.world.machine().plug("/small", ArrayBench.DISK_BYTES / 2);
        assertEquals(Optional.of("/small: too short, 33554432 bytes of 67108864"), attach(bench, "/small", false));
        assertEquals(Optional.of("/d0: locked by another process"), attach(bench, "/d0", true));
        assertEquals(FINE, attach(bench, "/d1", false));
        assertEquals("/d1: holds no data yet", bench.array.health().get(1).reason());
        rebuildAll(bench);
        assertEquals(ArrayOutcome.OK, bench.writeRoot(4, 9, 0b10));
        bench.device(0).faults().heal();
        bench.restart();
        bench.open();
        assertEquals(0b10, bench.array.members());
        bench.readGood(1, 64, 0);
    }

    @Test
    void aStaleDiskMayBeReplacedWhereItStands() {
        ArrayBench bench = degraded(1, 2, 64);
        bench.write(70, 1, 1);
        assertEquals(
                Optional.of("/d1: holds a disk of pool " + ArrayBench.POOL
                        + "; pick another, or clear its first 2 MiB if that is not needed any more"),
                attach(bench, "/d1", false));
        assertFalse(bench.device(1).isOpen());
        assertEquals(FINE, attach(bench, "/d1", true));
        rebuildAll(bench);
    }

    private static Optional<String> attach(ArrayBench bench, String path, boolean force) {
        Replacement replacement = new Replacement(path, 1, 0, force);
        return bench.await(done -> replacement.attach(bench.array, bench.world.disks(), bench.world.entropy(), done));
    }
}
