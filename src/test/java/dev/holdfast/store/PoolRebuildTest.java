package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.sim.world.SimDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The device of a mirror that comes back with old data: brought up to date, whatever happens meanwhile. */
final class PoolRebuildTest {
    private static final long DISK = 64 << 20;
    private static final int BLOCKS = 700;

    /** A pool that went on without disk 1, which is well again; block i holds {@link #valueOf} i, flushed, killed. */
    private static PoolBench behind(long seed) {
        PoolBench bench = new PoolBench(seed, 2, DISK);
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 32 << 20);
        for (int block = 0; block < BLOCKS / 2; block++) {
            bench.write(bench.volume(1), block * 4096L, 4096, 120);
        }
        bench.world.runFor(20_000_000_000L);
        device(bench, 1).faults().writeErrorPerMillion = 1_000_000;
        for (int block = 0; block < BLOCKS; block++) {
            bench.write(bench.volume(1), block * 4096L, 4096, valueOf(block));
        }
        flush(bench);
        bench.snapshot(1, 1);
        assertFalse(isPresent(bench, 1));
        bench.kill();
        device(bench, 1).faults().heal();
        return bench;
    }

    private static int valueOf(int block) {
        return 1 + block % 100;
    }

    private static SimDevice device(PoolBench bench, int index) {
        return bench.world.machine().device("/disk" + index);
    }

    private static void flush(PoolBench bench) {
        assertEquals(Status.OK, bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0));
    }

    private static boolean isPresent(PoolBench bench, int slot) {
        return bench.status().members().get(slot).present();
    }

    private static void everythingIsThere(PoolBench bench, String when) {
        for (int block = 0; block < BLOCKS; block++) {
            String where = when + ", block " + block;
            byte[] bytes = bench.read(bench.volume(1), block * 4096L, 4096)
                    .orElseThrow(() -> new AssertionError(where + bench.notes + bench.status()));
            assertEquals(valueOf(block), bytes[4095], where);
        }
    }

    /** Without disk {@code gone}; true if it opened, with everything. */
    private static boolean opensWithout(PoolBench bench, int gone, String when) {
        device(bench, gone).faults().gone = true;
        boolean open = bench.open();
        if (open) {
            everythingIsThere(bench, when + ", without disk " + gone);
        }
        bench.powerCut();
        device(bench, gone).faults().heal();
        return open;
    }

    @Test
    void aStaleHalfIsBroughtUpToDateBesideClientsAndThenHoldsEverythingAlone() {
        PoolBench bench = behind(1);
        assertTrue(bench.open(), bench.refused);
        long generation = bench.status().numbers().generation();
        assertTrue(bench.status().notes().toString().contains("being rebuilt"), "status says so");
        int written = 0;
        while (!isPresent(bench, 1)) {
            bench.write(bench.volume(1), written % BLOCKS * 4096L, 4096, valueOf(written % BLOCKS));
            flush(bench);
            written++;
        }
        assertTrue(written > 3, "clients went on: " + written);
        bench.write(bench.volume(1), 8000 * 4096L, 4096, 99);
        flush(bench);
        assertTrue(bench.status().numbers().generation() > generation);
        assertEquals(List.of(), bench.status().notes());
        bench.powerCut();
        assertEquals(List.of(), bench.check());
        device(bench, 0).faults().gone = true;
        assertTrue(bench.open(), bench.refused);
        everythingIsThere(bench, "alone");
        assertEquals(99, bench.read(bench.volume(1), 8000 * 4096L, 4096).orElseThrow()[0]);
        bench.stop();
        assertEquals(List.of(), bench.check());
    }

    @Test
    void aCrashAtAnyPointOfARebuildLeavesTheOldStateOrTheNew() {
        int alone = 0;
        int refused = 0;
        for (int cut = 0; cut < 50; cut++) {
            PoolBench bench = behind(2);
            String when = "cut " + cut;
            assertTrue(bench.open(), bench.refused);
            bench.world.runFor(3_000_000L + cut * 4_000_000L);
            bench.powerCut();
            if (cut % 2 == 0 && opensWithout(bench, 0, when)) {
                alone++;
            } else if (cut % 2 == 0) {
                refused++;
                assertTrue(bench.refused.contains("place(s) 0"), bench.refused);
            } else {
                assertTrue(opensWithout(bench, 1, when), bench.refused);
            }
            if (bench.open()) {
                everythingIsThere(bench, when);
                bench.world.runUntil(() -> isPresent(bench, 0) && isPresent(bench, 1));
                bench.world.runFor(1_000_000_000L);
                bench.powerCut();
                assertEquals(List.of(), bench.check(), when);
                assertTrue(opensWithout(bench, 0, when), when);
            } else {
                assertTrue(bench.refused.contains("without the other"), bench.refused);
            }
        }
        assertTrue(alone > 3 && refused > 3, alone + " opened alone, " + refused + " refused");
    }

    /** Each marker needs a consistency point of its own, and the flush was before the log went to the device too. */
    @Test
    void aDeviceCountsOnlyWhenItHoldsTheLogThatTheNewestRootReads() {
        int markers = 30;
        int opened = 0;
        for (long pauseNanos = 100_000_000L; pauseNanos < 1_200_000_000L; pauseNanos += 100_000_000L) {
            PoolBench bench = behind(7);
            assertTrue(bench.open(), bench.refused);
            for (int marker = 1; marker <= markers; marker++) {
                int id = 1 + marker;
                bench.write(bench.volume(1), 8000L * 4096, 4096, marker);
                bench.world.run(
                        bench.committer,
                        () -> bench.pool.createSnapshot(1, id, "s", false, bench.committer, result -> {}));
            }
            bench.write(bench.volume(1), 8000L * 4096, 4096, 99);
            flush(bench);
            bench.world.runFor(pauseNanos);
            boolean counts = isPresent(bench, 1);
            bench.powerCut();
            device(bench, 0).faults().gone = true;
            boolean open = bench.open();
            opened += open ? 1 : 0;
            if (open) {
                assertEquals(
                        99, bench.read(bench.volume(1), 8000L * 4096, 4096).orElseThrow()[0], "after " + pauseNanos);
            } else {
                assertFalse(counts, bench.refused);
            }
        }
        assertTrue(opened > 0, "the device counts in the end");
    }

    @Test
    void aDeviceThatFailsAgainWhileItIsRebuiltStaysOutAndNobodyNotices() {
        int failed = 0;
        for (int operation = 1; operation < 40; operation += 3) {
            PoolBench bench = behind(3);
            assertTrue(bench.open(), bench.refused);
            device(bench, 1).faults().failNth(operation, dev.holdfast.io.DiskOutcome.MEDIA_ERROR);
            for (int block = 0; block < 50; block++) {
                bench.write(bench.volume(1), block * 4096L, 4096, valueOf(block));
                flush(bench);
            }
            bench.world.runFor(20_000_000_000L);
            assertFalse(isPresent(bench, 1), "operation " + operation);
            String notes = bench.status().notes().toString();
            failed += notes.contains("rebuild of place 1 failed") ? 1 : 0;
            assertTrue(failed > 0 || notes.contains("left behind"), notes);
            bench.stop();
            assertEquals(List.of(), bench.check());
            assertTrue(bench.open(), bench.refused);
            everythingIsThere(bench, "operation " + operation);
        }
        assertTrue(failed > 3, failed + " rebuilds failed");
    }

    @Test
    void aBlankDiskInThePlaceOfOneThatIsGoneIsFilled() {
        for (int cut = 0; cut < 25; cut++) {
            PoolBench bench = behind(5);
            bench.world.machine().unplug("/disk1");
            bench.world.machine().plug("/disk1", DISK);
            bench.beginToOpen(40_000_000L + cut * 4_000_000L);
            bench.powerCut();
            assertTrue(bench.open(), bench.refused);
            bench.world.runUntil(() -> isPresent(bench, 1));
            bench.world.runFor(1_000_000_000L);
            bench.powerCut();
            assertEquals(List.of(), bench.check());
            assertTrue(opensWithout(bench, 0, "cut " + cut), bench.refused);
        }
    }

    @Test
    void aDiskWithSomethingElseOnItIsLeftAlone() {
        PoolBench bench = behind(6);
        bench.world.machine().unplug("/disk1");
        byte[] page = new byte[4096];
        page[1080] = 0x53;
        page[1081] = (byte) 0xEF;
        bench.world.machine().plug("/disk1", DISK).medium().overwrite(0, page);
        assertTrue(bench.open(), bench.refused);
        bench.world.runFor(20_000_000_000L);
        assertFalse(isPresent(bench, 1));
        assertEquals(0x53, device(bench, 1).medium().read(0)[1080]);
        everythingIsThere(bench, "beside it");
    }

    @Test
    void aStopInTheMiddleOfARebuildIsClean() {
        for (int cut = 0; cut < 20; cut++) {
            PoolBench bench = behind(4);
            assertTrue(bench.open(), bench.refused);
            bench.world.runFor(cut * 1_000_000L);
            bench.stop();
            assertEquals(List.of(), bench.check());
            assertTrue(bench.open(), bench.refused);
            everythingIsThere(bench, "cut " + cut);
        }
    }
}
