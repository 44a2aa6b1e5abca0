package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.sim.world.SimDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Devices that fail writes, log writes and flushes, one of two or the last one, and file systems that are full. */
final class PoolFaultDeviceTest {
    private static final long DISK = 256 << 20;
    private static final long SETTLED_NANOS = 20_000_000_000L;

    private static PoolBench opened(long seed, int copies) {
        PoolBench bench = new PoolBench(seed, copies, DISK);
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 64 << 20);
        bench.write(bench.volume(1), 0, 4096, 1);
        bench.world.runFor(SETTLED_NANOS);
        return bench;
    }

    private static SimDevice device(PoolBench bench, int index) {
        return bench.world.machine().device("/disk" + index);
    }

    private static int value(PoolBench bench, long block) {
        return bench.read(bench.volume(1), block * 4096, 4096).orElseThrow()[4095];
    }

    private static Status flush(PoolBench bench) {
        return bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0);
    }

    @Test
    void anAcknowledgedFlushSurvivesTheDeviceThatFailedIt() {
        for (int victim = 0; victim < 2; victim++) {
            PoolBench bench = opened(31 + victim, 2);
            long generation = bench.status().numbers().generation();
            device(bench, victim).faults().writeErrorPerMillion = 1_000_000;
            bench.write(bench.volume(1), 0, 4096, 2);
            assertEquals(Status.OK, flush(bench));
            wentOnWithout(bench, victim, generation);
            staysWithout(bench, victim, 2);
        }
    }

    @Test
    void aDeviceThatFailsOneFlushOfAConsistencyPointIsLeftBehind() {
        for (int victim = 0; victim < 2; victim++) {
            PoolBench bench = opened(33 + victim, 2);
            long generation = bench.status().numbers().generation();
            bench.write(bench.volume(1), 0, 4096, 2);
            device(bench, victim).faults().flushErrorPerMillion = 1_000_000;
            bench.world.runFor(SETTLED_NANOS);
            device(bench, victim).faults().heal();
            wentOnWithout(bench, victim, generation);
            staysWithout(bench, victim, 2);
        }
    }

    @Test
    void aDeviceThatFailsAnyOneOperationIsLeftBehindAndNothingIsLost() {
        for (int operation = 1; operation < 12; operation++) {
            PoolBench bench = opened(35 + operation, 2);
            long generation = bench.status().numbers().generation();
            device(bench, 1).faults().failNth(operation, DiskOutcome.MEDIA_ERROR);
            for (int block = 1; block < 4; block++) {
                bench.write(bench.volume(1), block * 4096L, 4096, block);
                assertEquals(Status.OK, flush(bench));
            }
            bench.write(bench.volume(1), 0, 4096, 2);
            assertEquals(Status.OK, flush(bench));
            bench.world.runFor(SETTLED_NANOS);
            bench.write(bench.volume(1), 0, 4096, 3);
            bench.world.runFor(SETTLED_NANOS);
            wentOnWithout(bench, 1, generation);
            staysWithout(bench, 1, 3);
        }
    }

    private static void wentOnWithout(PoolBench bench, int victim, long generation) {
        Pool.PoolStatus status = bench.status();
        assertTrue(status.numbers().generation() > generation, status.toString());
        assertFalse(status.members().get(victim).present(), status.toString());
        assertTrue(status.members().get(1 - victim).present(), status.toString());
        assertFalse(status.notes().isEmpty(), status.toString());
    }

    /** With both devices back the stale one is not used, however often. */
    private static void staysWithout(PoolBench bench, int victim, int wanted) {
        for (int round = 0; round < 3; round++) {
            bench.powerCut();
            device(bench, victim).faults().heal();
            assertEquals(List.of(), bench.check());
            assertTrue(bench.open(), bench.refused);
            assertFalse(bench.status().members().get(victim).present());
            assertEquals(wanted, value(bench, 0), "round " + round);
        }
    }

    @Test
    void twoHalvesThatWentOnWithoutEachOtherAreRefusedTogether() {
        PoolBench bench = opened(48, 2);
        device(bench, 1).faults().gone = true;
        bench.write(bench.volume(1), 0, 4096, 2);
        assertEquals(Status.OK, flush(bench));
        bench.powerCut();
        device(bench, 1).faults().heal();
        device(bench, 0).faults().gone = true;
        bench.generation = 0;
        assertTrue(bench.open(), bench.refused);
        assertFalse(bench.notes.isEmpty(), "half of the pool is not here");
        assertEquals(1, value(bench, 0));
        bench.powerCut();
        device(bench, 0).faults().heal();
        assertFalse(bench.open());
        assertTrue(bench.refused.contains("without the other"), bench.refused);
        bench.paths.removeLast();
        assertTrue(bench.open(), bench.refused);
        assertEquals(2, value(bench, 0));
    }

    @Test
    void aStaleHalfAloneIsRefusedUntilTheLossIsAccepted() {
        PoolBench bench = opened(49, 2);
        device(bench, 1).faults().gone = true;
        bench.write(bench.volume(1), 0, 4096, 2);
        assertEquals(Status.OK, flush(bench));
        bench.powerCut();
        device(bench, 1).faults().heal();
        device(bench, 0).faults().gone = true;
        assertFalse(bench.open());
        assertTrue(bench.refused.contains("went on to 2 on others"), bench.refused);
        bench.acceptLoss = true;
        assertTrue(bench.open(), bench.refused);
        assertTrue(bench.notes.toString().contains("loss accepted"), bench.notes.toString());
        assertEquals(1, value(bench, 0));
        assertEquals(4, bench.generation, "above both");
        bench.acceptLoss = false;
        bench.powerCut();
        device(bench, 0).faults().heal();
        assertFalse(bench.open());
        assertTrue(bench.refused.contains("without the other"), bench.refused);
        bench.paths.removeFirst();
        assertTrue(bench.open(), bench.refused);
        assertEquals(1, value(bench, 0));
    }

    @Test
    void aDeviceThatNeverAnswersIsLeftBehindAndTheLastOneIsWaitedFor() {
        for (int victim = 0; victim < 2; victim++) {
            PoolBench bench = opened(58, 2);
            device(bench, victim).faults().stuck = true;
            bench.write(bench.volume(1), 0, 4096, 2);
            assertEquals(Status.OK, flush(bench));
            assertFalse(bench.status().members().get(victim).present());
            assertEquals("does not answer", bench.status().members().get(victim).reason());
            bench.write(bench.volume(1), 4096, 4096, 3);
            device(bench, 1 - victim).faults().stuck = true;
            bench.world.runFor(60_000_000_000L);
            assertTrue(bench.status().notes().toString().contains("has not answered"));
            assertTrue(bench.status().members().get(1 - victim).present());
            for (int i = 0; i < 2; i++) {
                device(bench, i).faults().stuck = false;
                device(bench, i).settle();
            }
            assertEquals(Status.OK, flush(bench));
            bench.world.runFor(SETTLED_NANOS);
            assertFalse(bench.status().notes().toString().contains("has not answered"));
            bench.powerCut();
            assertEquals(List.of(), bench.check());
            assertTrue(bench.open(), bench.refused);
            assertEquals(2, value(bench, 0));
            assertEquals(3, value(bench, 1));
        }
    }

    @Test
    void wipedDisksAreNotTakenForANewPool() {
        PoolBench bench = opened(52, 1);
        bench.stop();
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        for (long block = PoolDamage.ROOTS; block < PoolDamage.ROOTS + 128; block++) {
            damage.medium.overwrite(block, new byte[4096]);
        }
        assertFalse(bench.open());
        assertTrue(bench.refused.contains("hold no root"), bench.refused);
    }

    @Test
    void whenTheLastDeviceFailsWritesEndWithErrorsReadsGoOnAndTheStatusSaysSo() {
        for (int copies = 1; copies <= 2; copies++) {
            PoolBench bench = opened(50 + copies, copies);
            for (int i = 0; i < copies; i++) {
                device(bench, i).faults().writeErrorPerMillion = 1_000_000;
            }
            assertEquals(Status.OK, bench.write(bench.volume(1), 4096, 4096, 2), "held in memory");
            assertEquals(Status.IO_ERROR, flush(bench));
            assertEquals(Status.READ_ONLY, bench.write(bench.volume(1), 8192, 4096, 3));
            assertTrue(bench.volume(1).isReadOnly());
            assertInstanceOf(Pool.Result.Refused.class, bench.create(2, 1 << 20));
            assertInstanceOf(Pool.Result.Refused.class, bench.snapshot(1, 1));
            assertInstanceOf(Pool.Result.Refused.class, bench.delete(1));
            assertEquals(1, value(bench, 0));
            assertEquals(2, value(bench, 1));
            assertTrue(
                    bench.status().notes().toString().contains("takes no changes"),
                    bench.status().toString());
            bench.kill();
            for (int i = 0; i < copies; i++) {
                device(bench, i).faults().heal();
            }
            assertTrue(bench.open(), bench.refused);
            assertEquals(2, value(bench, 1), "what was acknowledged is in memory still");
            bench.stop();
            assertEquals(List.of(), bench.check());
        }
    }

    @Test
    void aFailedFlushOfTheLastDeviceEndsThePoolBeforeItsRoot() {
        PoolBench bench = opened(53, 1);
        bench.write(bench.volume(1), 0, 4096, 2);
        device(bench, 0).faults().flushErrorPerMillion = 1_000_000;
        bench.world.runFor(SETTLED_NANOS);
        assertTrue(
                bench.status().notes().toString().contains("takes no changes"),
                bench.status().toString());
        assertEquals(2, value(bench, 0));
        bench.stop();
        device(bench, 0).faults().heal();
        assertTrue(bench.open(), bench.refused);
        assertEquals(2, value(bench, 0));
    }

    @Test
    void aFullHostFileSystemHoldsWritesBackAndLosesNothing() {
        for (int copies = 1; copies <= 2; copies++) {
            PoolBench bench = opened(54 + copies, copies);
            device(bench, 0).faults().full = true;
            for (int block = 0; block < 200; block++) {
                assertEquals(Status.OK, bench.write(bench.volume(1), block * 4096L, 4096, 1 + block % 100));
            }
            bench.world.runUntil(() -> bench.status().notes().toString().contains("full"));
            assertEquals(5, value(bench, 4));
            device(bench, 0).faults().full = false;
            bench.world.runFor(SETTLED_NANOS);
            assertEquals(Status.OK, flush(bench));
            assertTrue(
                    bench.status().members().getFirst().present(),
                    bench.status().toString());
            assertEquals(List.of(), bench.status().notes());
            bench.powerCut();
            assertEquals(List.of(), bench.check());
            assertTrue(bench.open(), bench.refused);
            for (int block = 0; block < 200; block++) {
                assertEquals(1 + block % 100, value(bench, block));
            }
        }
    }

    @Test
    void aKillWhileTheHostFileSystemIsFullLosesNothing() {
        PoolBench bench = opened(57, 1);
        bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0);
        device(bench, 0).faults().full = true;
        bench.write(bench.volume(1), 0, 1 << 20, 4);
        bench.world.runFor(SETTLED_NANOS);
        bench.kill();
        device(bench, 0).faults().full = false;
        assertTrue(bench.open(), bench.refused);
        assertEquals(4, value(bench, 255));
        BlockVolume volume = bench.volume(1);
        assertEquals(Status.OK, bench.write(volume, 0, 4096, 5));
        bench.stop();
        assertEquals(List.of(), bench.check());
    }
}
