package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.world.SimMemory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Memory that is lost, foreign or too small; disks that are not the ones they should be; clocks that jump. */
final class PoolFaultMemoryTest {
    private static final long DISK = 256 << 20;

    /** Block 0 holds 1 and is flushed; then it and block 1 hold 2, in memory only. */
    private static PoolBench opened(long seed) {
        PoolBench bench = new PoolBench(seed, 1, DISK);
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 64 << 20);
        bench.write(bench.volume(1), 0, 4096, 1);
        assertEquals(Status.OK, bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0));
        bench.write(bench.volume(1), 0, 8192, 2);
        return bench;
    }

    private static int value(PoolBench bench, long block) {
        return bench.read(bench.volume(1), block * 4096, 4096).orElseThrow()[4095];
    }

    private static void onlyTheFlushedIsThere(PoolBench bench) {
        assertTrue(bench.open(), bench.refused);
        assertTrue(bench.notes.toString().contains("memory"), bench.notes.toString());
        assertEquals(1, value(bench, 0));
        assertEquals(0, value(bench, 1));
        bench.stop();
        assertEquals(List.of(), bench.check());
        assertTrue(bench.open(), bench.refused);
    }

    @Test
    void memoryThatIsLostWithThePowerOrByHandMeansThatOnlyTheFlushedIsThere() {
        PoolBench cut = opened(71);
        cut.powerCut();
        onlyTheFlushedIsThere(cut);
        PoolBench unlinked = opened(72);
        unlinked.kill();
        unlinked.world.machine().memory().unlinkAll();
        onlyTheFlushedIsThere(unlinked);
    }

    @Test
    void memoryOfAnotherPoolOrWithADamagedHeaderIsNotUsed() {
        for (int at : new int[] {0, 16, 48, 56}) {
            PoolBench bench = opened(73);
            String id = bench.pool.id().toString();
            bench.kill();
            SimMemory memory = bench.world.machine().memory();
            for (String place : new String[] {"", "/dev/shm"}) {
                for (int lane = 0; lane < 2; lane++) {
                    Optional<ByteBuffer> bytes = memory.bytes(place, id + "-" + lane);
                    bytes.ifPresent(region -> region.put(at, (byte) (region.get(at) ^ 1)));
                }
            }
            onlyTheFlushedIsThere(bench);
        }
    }

    @Test
    void memoryThatIsTooSmallOrNotWritableIsRefusedWithOneLineAndNothingIsLost() {
        PoolBench bench = opened(74);
        bench.kill();
        SimMemory memory = bench.world.machine().memory();
        memory.writable(false);
        assertFalse(bench.open());
        isOneLine(bench.refused);
        memory.writable(true);
        assertTrue(bench.open(), bench.refused);
        assertEquals(2, value(bench, 1));
        bench.stop();
        memory.unlinkAll();
        memory.capacity(12 << 20);
        assertFalse(bench.open());
        isOneLine(bench.refused);
        memory.capacity(16 << 20);
        assertTrue(bench.open(), bench.refused);
        assertEquals(2, value(bench, 1));
    }

    @Test
    void lessMemoryThanTheLongestWriteNeedsIsRefusedWithTheLeast() {
        PoolBench bench = opened(83);
        bench.kill();
        bench.memoryBytes = 64 << 10;
        assertFalse(bench.open());
        isOneLine(bench.refused);
        int least = Integer.parseInt(bench.refused.replaceAll(".*the least is ", ""));
        bench.memoryBytes = least - 4096;
        assertFalse(bench.open());
        bench.memoryBytes = least;
        assertTrue(bench.open(), bench.refused);
        assertEquals(2, value(bench, 1));
        for (int round = 0; round < 12; round++) {
            assertEquals(Status.OK, bench.write(bench.volume(1), round << 20, 1 << 20, round + 1));
            assertEquals(Status.OK, bench.write(bench.volume(1), 20 << 20, 400 << 10, round + 1));
        }
        bench.kill();
        assertTrue(bench.open(), bench.refused);
        assertEquals(12, value(bench, 11 << 8));
    }

    private static void isOneLine(String why) {
        assertTrue(!why.isEmpty() && why.indexOf('\n') < 0, why);
    }

    @Test
    void fewerOrMoreLanesFindEverythingInMemory() {
        PoolBench bench = opened(75);
        for (int lanes : new int[] {1, 3, 2, 1}) {
            bench.write(bench.volume(1), 4096L * lanes, 4096, 10 + lanes);
            bench.kill();
            bench.lanes = lanes;
            assertTrue(bench.open(), bench.refused);
            assertEquals(2, value(bench, 0));
        }
        assertEquals(11, value(bench, 1));
        assertEquals(12, value(bench, 2));
        assertEquals(13, value(bench, 3));
    }

    @Test
    void aStartWithAnotherLengthOfMemoryFindsWhatTheLastOneHeld() {
        for (int bytes : new int[] {4 << 20, 16 << 20}) {
            PoolBench bench = opened(81);
            for (int mebibyte = 1; mebibyte < 3; mebibyte++) {
                bench.write(bench.volume(1), mebibyte << 20, 1 << 20, 5);
            }
            bench.kill();
            bench.memoryBytes = bytes;
            for (int attempt = 0; attempt < 20; attempt++) {
                bench.beginToOpen((40 + 3 * attempt) * 1_000_000L);
                bench.kill();
            }
            assertTrue(bench.open(), bench.refused);
            assertEquals(2, value(bench, 1));
            assertEquals(5, value(bench, 767));
            assertEquals(
                    bytes,
                    bench.world
                            .machine()
                            .memory()
                            .bytes("/dev/shm", bench.pool.id() + "-0")
                            .orElseThrow()
                            .capacity());
            bench.write(bench.volume(1), 8192, 4096, 3);
            bench.kill();
            assertTrue(bench.open(), bench.refused);
            assertEquals(3, value(bench, 2));
        }
    }

    @Test
    void aStartWithFewerLanesThatDiesHalfwayLosesNothingOfTheOthers() {
        for (int cut = 50; cut < 100; cut++) {
            PoolBench bench = new PoolBench(82, 1, DISK);
            bench.lanes = 3;
            assertTrue(bench.open(), bench.refused);
            for (int shard = 1; shard <= 3; shard++) {
                bench.create(shard, 64 << 20);
            }
            bench.world.machine().device("/disk0").faults().full = true;
            for (int shard = 1; shard <= 3; shard++) {
                bench.write(bench.volume(shard), 0, 4096, shard);
                askForSnapshot(bench, shard);
                bench.write(bench.volume(shard), 4096, 4096, 10 + shard);
            }
            bench.kill();
            bench.world.machine().device("/disk0").faults().full = false;
            bench.lanes = 1;
            bench.beginToOpen(cut * 1_000_000L);
            bench.kill();
            assertTrue(bench.open(), bench.refused);
            for (int shard = 1; shard <= 3; shard++) {
                assertEquals(shard, bench.read(bench.volume(shard), 0, 4096).orElseThrow()[0]);
                assertEquals(
                        10 + shard, bench.read(bench.volume(shard), 4096, 4096).orElseThrow()[0], "cut " + cut);
            }
        }
    }

    /** Its marker is in memory, no root has it yet. */
    private static void askForSnapshot(PoolBench bench, int shard) {
        bench.world.run(
                bench.committer, () -> bench.pool.createSnapshot(shard, 5, "s", false, bench.committer, result -> {}));
        bench.world.runFor(1_000);
    }

    @Test
    void memoryThatLosesItsNameWhileThePoolServesIsMadeAnewWithAllItHolds() {
        for (int copies = 1; copies <= 2; copies++) {
            PoolBench bench = new PoolBench(84, copies, DISK);
            assertTrue(bench.open(), bench.refused);
            for (int shard = 1; shard <= 2; shard++) {
                bench.create(shard, 64 << 20);
            }
            for (int i = 0; i < 3000; i++) {
                if (i % 700 == 100) {
                    bench.world.machine().memory().unlinkAll();
                }
                int shard = 1 + i % 2;
                bench.write(bench.volume(shard), i % 500 * 4096L + 512, 4096, 1 + i % 100);
                if (i % 3 == 0) {
                    assertEquals(Status.OK, bench.run(bench.volume(shard), Request.Kind.FLUSH, 0, 0));
                }
                bench.world.runFor(7_000_000L);
            }
            assertTrue(bench.status().notes().toString().contains("lost its name"));
            bench.world.machine().memory().unlinkAll();
            bench.world.runFor(6_000_000_000L);
            bench.write(bench.volume(1), 600 * 4096L, 4096, 77);
            bench.kill();
            assertTrue(bench.open(), bench.refused);
            assertTrue(bench.notes.stream().noneMatch(note -> note.contains("is gone")), bench.notes.toString());
            assertEquals(77, value(bench, 600));
            for (int i = 2500; i < 3000; i++) {
                byte[] bytes = bench.read(bench.volume(1 + i % 2), i % 500 * 4096L + 512, 4096)
                        .orElseThrow();
                assertEquals(1 + i % 100, bytes[1000]);
            }
            bench.stop();
            assertEquals(List.of(), bench.check());
        }
    }

    @Test
    void memoryThatLostItsNameAndCanNotBeMadeAnewIsSaid() {
        PoolBench bench = opened(85);
        bench.world.machine().memory().unlinkAll();
        bench.world.machine().memory().writable(false);
        bench.world.runFor(11_000_000_000L);
        assertTrue(
                bench.status().notes().toString().contains("can't be made anew"),
                bench.status().notes().toString());
        assertEquals(Status.OK, bench.write(bench.volume(1), 0, 4096, 3));
        bench.world.machine().memory().writable(true);
        bench.world.runFor(6_000_000_000L);
        assertFalse(bench.status().notes().toString().contains("can't be made anew"));
        bench.write(bench.volume(1), 0, 4096, 4);
        bench.kill();
        assertTrue(bench.open(), bench.refused);
        assertEquals(4, value(bench, 0));
    }

    @Test
    void memoryFromBeforeARunElsewhereIsNotUsed() {
        PoolBench bench = opened(76);
        bench.kill();
        assertTrue(openIn(bench, "/elsewhere"));
        assertEquals(1, value(bench, 0));
        bench.write(bench.volume(1), 0, 4096, 3);
        assertEquals(Status.OK, bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0));
        bench.kill();
        assertTrue(bench.open(), bench.refused);
        assertEquals(3, value(bench, 0));
        assertEquals(0, value(bench, 1));
    }

    private static boolean openIn(PoolBench bench, String place) {
        bench.committer = bench.world.newLoop("pool");
        List<Loop> loops = List.of(bench.world.newLoop("a"), bench.world.newLoop("b"));
        OpenPlan.Memory memory = new OpenPlan.Memory(bench.world.sharedMemory(place), bench.memoryBytes);
        OpenPlan plan = new OpenPlan(bench.paths, OpenPlan.Known.NOTHING, memory, loops, 8 << 20, false);
        PoolOpened opened = PoolBench.await(
                bench.world, bench.committer, answer -> PoolOpen.open(bench.world, plan, bench.committer, answer));
        if (opened instanceof PoolOpened.Opened found) {
            bench.pool = found.pool();
            return true;
        }
        return false;
    }

    @Test
    void aSecondPoolOnOneDeviceIsRefusedAndTheFirstGoesOn() {
        PoolBench bench = opened(77);
        Pool first = bench.pool;
        Loop committer = bench.committer;
        assertFalse(bench.open());
        assertTrue(bench.refused.contains("locked"), bench.refused);
        isOneLine(bench.refused);
        bench.pool = first;
        bench.committer = committer;
        assertEquals(Status.OK, bench.write(bench.volume(1), 0, 4096, 3));
        bench.stop();
        assertTrue(bench.open(), bench.refused);
        assertEquals(3, value(bench, 0));
    }

    @Test
    void labelsOfALaterFormatOrOfAnotherPoolAndShortFilesAreRefused() {
        PoolBench later = opened(78);
        later.stop();
        PoolDamage damage = new PoolDamage(later, "/disk0");
        byte[] label = damage.medium.read(0).clone();
        byte[] newer = label.clone();
        newer[7] = '2';
        damage.medium.overwrite(0, newer);
        assertFalse(later.open());
        assertTrue(later.refused.contains("newer"), later.refused);
        damage.medium.overwrite(0, new byte[4096]);
        assertEquals(List.of(), later.check());
        assertTrue(Arrays.equals(new byte[4096], damage.medium.read(0)), "who only looks writes nothing");
        assertTrue(later.open(), later.refused);
        later.stop();
        assertTrue(Arrays.equals(label, damage.medium.read(0)), "the label is healed");
        PoolBench other = opened(79);
        other.stop();
        byte[] foreign = new PoolDamage(other, "/disk0").medium.read(0).clone();
        later.world.machine().plug("/alien", DISK);
        later.world.machine().device("/alien").medium().overwrite(0, foreign);
        later.world.machine().device("/alien").medium().overwrite(1, foreign);
        later.paths.add("/alien");
        assertFalse(later.open());
        assertTrue(later.refused.contains("different pools"), later.refused);
        later.paths.removeFirst();
        later.world.machine().plug("/short", DISK / 2);
        later.world.machine().device("/short").medium().overwrite(0, label);
        later.world.machine().device("/short").medium().overwrite(1, label);
        later.paths.set(0, "/short");
        assertFalse(later.open());
        assertTrue(later.refused.contains("cut short"), later.refused);
    }

    @Test
    void aWallClockThatJumpsChangesNothing() {
        PoolBench bench = opened(80);
        for (long jump : new long[] {1L << 40, -(1L << 41), 86_400_000L, -1}) {
            bench.world.machine().clock().jumpWall(jump);
            BlockVolume volume = bench.volume(1);
            assertEquals(Status.OK, bench.write(volume, 0, 4096, 5));
            assertTrue(bench.snapshot(1, 1000 + bench.status().numbers().cp()) instanceof Pool.Result.Done);
            bench.kill();
            assertEquals(List.of(), bench.check());
            assertTrue(bench.open(), bench.refused);
            assertEquals(5, value(bench, 0));
        }
    }
}
