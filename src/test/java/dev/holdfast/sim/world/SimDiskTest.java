package dev.holdfast.sim.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class SimDiskTest {
    private static final int BLOCK = Disk.BLOCK_BYTES;

    /** A disk and a loop in a world of their own, with operations that wait for their end. */
    private static final class Bench {
        final SimWorld world;
        SimLoop loop;
        Disk disk;

        Bench(long seed) throws WorldException {
            world = new SimWorld(seed);
            loop = world.newLoop("loop");
            disk = world.disks().create("/d", 16L << 40);
        }

        SimDevice device() {
            return world.machine().device("/d");
        }

        void reopen() throws WorldException {
            world.machine().start();
            loop = world.newLoop("loop");
            disk = world.disks().open("/d");
        }

        List<DiskOutcome> startWrite(long block, int value) {
            List<DiskOutcome> outcome = new ArrayList<>();
            disk.write(block * BLOCK, filled(value), loop, (token, how) -> outcome.add(how), block);
            return outcome;
        }

        DiskOutcome write(long block, int value) {
            return await(startWrite(block, value));
        }

        DiskOutcome writeDurable(long block, int value) {
            List<DiskOutcome> outcome = new ArrayList<>();
            ByteBuffer[] parts = {filled(value), filled(value + 1)};
            disk.writeDurable(block * BLOCK, parts, 2, loop, (token, how) -> outcome.add(how), block);
            return await(outcome);
        }

        DiskOutcome flush() {
            List<DiskOutcome> outcome = new ArrayList<>();
            disk.flush(loop, (token, how) -> outcome.add(how), 0);
            return await(outcome);
        }

        DiskOutcome await(List<DiskOutcome> outcome) {
            world.runUntil(() -> !outcome.isEmpty());
            return outcome.getFirst();
        }

        /** Every unit's value of one block; one element if the block is whole. */
        TreeSet<Integer> values(long block) {
            ByteBuffer into = aligned();
            List<DiskOutcome> outcome = new ArrayList<>();
            disk.read(block * BLOCK, into, loop, (token, how) -> outcome.add(how), block);
            assertEquals(DiskOutcome.OK, await(outcome));
            TreeSet<Integer> values = new TreeSet<>();
            for (int unit = 0; unit < 8; unit++) {
                values.add((int) into.get(unit * 512));
                assertEquals(into.get(unit * 512), into.get(unit * 512 + 511));
            }
            return values;
        }

        int value(long block) {
            TreeSet<Integer> values = values(block);
            assertEquals(1, values.size());
            return values.getFirst();
        }
    }

    private static ByteBuffer aligned() {
        return ByteBuffer.allocateDirect(2 * BLOCK).alignedSlice(BLOCK).limit(BLOCK);
    }

    private static ByteBuffer filled(int value) {
        ByteBuffer buffer = aligned();
        for (int i = 0; i < BLOCK; i++) {
            buffer.put(i, (byte) value);
        }
        return buffer;
    }

    @Test
    void completedWritesAreReadAndUnwrittenBlocksAreZeroes() throws WorldException {
        Bench bench = new Bench(1);
        long last = (16L << 40) / BLOCK - 1;
        assertEquals(DiskOutcome.OK, bench.write(last, 7));
        assertEquals(7, bench.value(last));
        assertEquals(0, bench.value(0));
        assertEquals(1, bench.device().medium().storedBlocks().length);
    }

    @Test
    void flushedAndDurableWritesSurviveEveryPowerCut() throws WorldException {
        for (long seed = 0; seed < 100; seed++) {
            Bench bench = new Bench(seed);
            bench.write(1, 11);
            bench.flush();
            bench.write(3, 55);
            bench.writeDurable(2, 21);
            bench.world.machine().powerCut();
            bench.reopen();
            assertEquals(11, bench.value(1), "seed " + seed);
            assertEquals(21, bench.value(2), "seed " + seed);
            assertEquals(22, bench.value(3), "seed " + seed);
        }
    }

    @Test
    void unflushedWritesAreLostKeptAndTornAtAPowerCut() throws WorldException {
        int lost = 0;
        int kept = 0;
        int torn = 0;
        int apart = 0;
        for (long seed = 0; seed < 200; seed++) {
            Bench bench = new Bench(seed);
            bench.write(1, 1);
            bench.write(2, 1);
            bench.world.machine().powerCut();
            bench.reopen();
            TreeSet<Integer> first = bench.values(1);
            TreeSet<Integer> second = bench.values(2);
            lost += first.equals(new TreeSet<>(List.of(0))) ? 1 : 0;
            kept += first.equals(new TreeSet<>(List.of(1))) ? 1 : 0;
            torn += first.size() == 2 ? 1 : 0;
            apart += first.equals(new TreeSet<>(List.of(0))) && second.contains(1) ? 1 : 0;
        }
        assertTrue(lost > 20 && kept > 20 && torn > 10 && apart > 5, lost + " " + kept + " " + torn + " " + apart);
    }

    @Test
    void aWriteUnderWayMayStopInTheMiddleOfAUnitAtAPowerCut() throws WorldException {
        int stopped = 0;
        for (long seed = 0; seed < 200; seed++) {
            Bench bench = new Bench(seed);
            bench.startWrite(1, 5);
            bench.world.machine().powerCut();
            byte[] page = bench.device().medium().read(1);
            for (int unit = 0; unit < 8; unit++) {
                stopped += page[unit * 512] == 5 && page[unit * 512 + 511] == 0 ? 1 : 0;
            }
        }
        assertTrue(stopped > 20 && stopped < 180, "stopped " + stopped);
    }

    @Test
    void aFlushDoesNotCoverAWriteThatCompletedAfterItWasIssued() throws WorldException {
        int lost = 0;
        for (long seed = 0; seed < 100; seed++) {
            Bench bench = new Bench(seed);
            List<DiskOutcome> write = bench.startWrite(1, 5);
            assertEquals(DiskOutcome.OK, bench.flush());
            bench.await(write);
            bench.world.machine().powerCut();
            bench.reopen();
            lost += bench.values(1).contains(0) ? 1 : 0;
        }
        assertTrue(lost > 20, "lost " + lost);
    }

    @Test
    void processDeathKeepsWhatCompletedAndDoesOrDoesNotWhatWasIssued() throws WorldException {
        int done = 0;
        for (long seed = 0; seed < 100; seed++) {
            Bench bench = new Bench(seed);
            bench.write(1, 1);
            bench.startWrite(2, 2);
            bench.world.machine().kill();
            bench.reopen();
            assertEquals(1, bench.value(1));
            done += bench.value(2) == 2 ? 1 : 0;
        }
        assertTrue(done > 20 && done < 80, "done " + done);
    }

    @Test
    void afterAFailedFlushARepeatedOneProvesNothing() throws WorldException {
        int lost = 0;
        for (long seed = 0; seed < 100; seed++) {
            Bench bench = new Bench(seed);
            bench.write(1, 1);
            bench.device().faults().failNth(1, DiskOutcome.MEDIA_ERROR);
            assertEquals(DiskOutcome.MEDIA_ERROR, bench.flush());
            assertEquals(DiskOutcome.OK, bench.flush());
            bench.world.machine().powerCut();
            bench.reopen();
            lost += bench.values(1).contains(0) ? 1 : 0;
        }
        assertTrue(lost > 20, "lost " + lost);
    }

    @Test
    void anOlderUnflushedWriteNeverReplacesADurableOne() throws WorldException {
        for (long seed = 0; seed < 100; seed++) {
            Bench bench = new Bench(seed);
            bench.write(1, 3);
            bench.writeDurable(1, 9);
            bench.world.machine().powerCut();
            bench.reopen();
            assertEquals(9, bench.value(1), "seed " + seed);
        }
    }

    @Test
    void touchingAWritesBytesBeforeItEndsIsNoticed() throws WorldException {
        Bench bench = new Bench(1);
        ByteBuffer buffer = filled(1);
        bench.disk.write(0, buffer, bench.loop, (token, how) -> {}, 0);
        buffer.put(77, (byte) 2);
        assertThrows(SimFailure.class, () -> bench.world.runFor(1_000_000_000));
    }

    @Test
    void aDiskIsLockedWhileOpenAndFreeAfterDeath() throws WorldException {
        Bench bench = new Bench(1);
        assertThrows(WorldException.class, () -> bench.world.disks().open("/d"));
        assertThrows(WorldException.class, () -> bench.world.disks().create("/d", BLOCK));
        assertThrows(WorldException.class, () -> bench.world.disks().open("/nowhere"));
        bench.world.machine().kill();
        bench.reopen();
        bench.disk.close();
        bench.disk = bench.world.disks().open("/d");
        assertEquals(0, bench.value(0));
    }

    @Test
    void operationsEndGoneWhenTheDiskIsClosedOrGone() throws WorldException {
        Bench bench = new Bench(1);
        List<DiskOutcome> outcome = bench.startWrite(1, 1);
        bench.disk.close();
        assertEquals(DiskOutcome.GONE, bench.await(outcome));
        assertEquals(DiskOutcome.GONE, bench.write(1, 1));
        bench.disk = bench.world.disks().open("/d");
        bench.device().faults().gone = true;
        assertEquals(DiskOutcome.GONE, bench.write(1, 1));
        bench.device().faults().gone = false;
        assertEquals(DiskOutcome.OK, bench.write(1, 1));
    }

    @Test
    void aStuckDiskAnswersWhenItIsReleased() throws WorldException {
        Bench bench = new Bench(1);
        bench.device().faults().stuck = true;
        List<DiskOutcome> outcome = bench.startWrite(1, 1);
        bench.world.runFor(60_000_000_000L);
        assertTrue(outcome.isEmpty());
        bench.device().faults().stuck = false;
        bench.device().settle();
        assertEquals(DiskOutcome.OK, bench.await(outcome));
    }

    @Test
    void silentFaultsShowWrongBytesWithOutcomeOk() throws WorldException {
        Bench bench = new Bench(1);
        DiskFaults faults = bench.device().faults();
        bench.write(1, 1);
        bench.write(1, 2);
        faults.stalePerMillion = 1_000_000;
        assertEquals(1, bench.value(1));
        faults.heal();
        faults.misplacedPerMillion = 1_000_000;
        assertEquals(0, bench.value(1));
        faults.heal();
        faults.lostPerMillion = 1_000_000;
        assertEquals(DiskOutcome.OK, bench.write(1, 3));
        faults.heal();
        assertEquals(2, bench.value(1));
        faults.misdirectedPerMillion = 1_000_000;
        bench.write(1, 4);
        assertEquals(2, bench.value(1));
        assertEquals(2, bench.device().medium().storedBlocks().length);
    }

    @Test
    void errorsAreReported() throws WorldException {
        Bench bench = new Bench(1);
        DiskFaults faults = bench.device().faults();
        bench.write(1, 1);
        faults.full = true;
        assertEquals(DiskOutcome.OK, bench.write(1, 2));
        assertEquals(DiskOutcome.FULL, bench.write(2, 2));
        faults.heal();
        faults.failNth(2, DiskOutcome.MEDIA_ERROR);
        assertEquals(DiskOutcome.OK, bench.write(3, 1));
        assertEquals(DiskOutcome.MEDIA_ERROR, bench.write(3, 1));
        assertEquals(DiskOutcome.OK, bench.write(3, 1));
        bench.device().medium().spoil(3);
        List<DiskOutcome> outcome = new ArrayList<>();
        bench.disk.read(3 * BLOCK, aligned(), bench.loop, (token, how) -> outcome.add(how), 0);
        assertEquals(DiskOutcome.MEDIA_ERROR, bench.await(outcome));
        bench.write(3, 4);
        assertEquals(4, bench.value(3));
    }

    @Test
    void aCopyAfterACrashHoldsTheChosenWritesAndTheOriginalGoesOn() throws WorldException {
        Bench bench = new Bench(1);
        bench.write(1, 1);
        bench.flush();
        bench.write(1, 2);
        bench.write(2, 2);
        assertEquals(2, bench.device().volatileWrites());
        for (int mask = 0; mask < 4; mask++) {
            Bench copy = new Bench(mask);
            copy.disk.close();
            copy.world.machine().unplug("/d");
            bench.device().copyAfter(Crash.powerCut(mask), copy.world.machine());
            copy.disk = copy.world.disks().open("/d");
            assertEquals((mask & 1) == 0 ? 1 : 2, copy.value(1));
            assertEquals((mask & 2) == 0 ? 0 : 2, copy.value(2));
            copy.write(1, 99);
        }
        assertEquals(2, bench.value(1));
    }

    @Test
    void memorySurvivesTheProcessAndNotThePower() throws WorldException {
        SimWorld world = new SimWorld(1);
        var region = world.sharedMemory("").open("r", 8192);
        assertTrue(region.isNew());
        region.bytes().putLong(8, 77);
        assertThrows(WorldException.class, () -> world.sharedMemory("").open("r", 8192));
        long boot = world.sharedMemory("").bootIdLow();
        world.machine().kill();
        world.machine().start();
        var again = world.sharedMemory("").open("r", 8192);
        assertFalse(again.isNew());
        assertEquals(77, again.bytes().getLong(8));
        assertEquals(boot, world.sharedMemory("").bootIdLow());
        world.machine().memory().unlinkAll();
        assertFalse(again.isLinked());
        world.machine().powerCut();
        world.machine().start();
        assertTrue(world.sharedMemory("").open("r", 8192).isNew());
        assertTrue(boot != world.sharedMemory("").bootIdLow());
        world.machine().memory().capacity(10_000);
        assertThrows(WorldException.class, () -> world.sharedMemory("").open("q", 8192));
    }
}
