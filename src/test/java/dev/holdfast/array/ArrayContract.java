package dev.holdfast.array;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.device.Geometry;
import dev.holdfast.io.DiskOutcome;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What every protection must keep of {@link Array}'s promises, whatever number of disks it has. */
abstract class ArrayContract {
    /** Disks of the array under test. */
    abstract int copies();

    private ArrayBench bench() {
        return ArrayBench.opened(7, copies());
    }

    private long all() {
        return (1L << copies()) - 1;
    }

    @Test
    void aNewArrayHasAllItsMembersAndNoRoot() {
        ArrayBench bench = bench();
        assertEquals(all(), bench.array.members());
        assertEquals(copies(), bench.array.slots());
        assertEquals(0, bench.opened.left());
        assertEquals(copies(), bench.opened.rings().size());
        assertEquals(ArrayBench.LOG_BYTES, bench.array.logBytes());
        assertEquals((ArrayBench.DISK_BYTES - (2 << 20)) / 4096, bench.array.dataBlocks());
        for (RootRing ring : bench.opened.rings()) {
            assertTrue(ring.present());
            for (int at = 0; at < Geometry.ROOT_BYTES; at += 4096) {
                assertTrue(ArrayBench.peek(ring.bytes(), at).isEmpty());
            }
        }
    }

    @Test
    void blocksReadBackAsTheyWereWritten() {
        ArrayBench bench = bench();
        long last = bench.array.dataBlocks() - 64;
        assertEquals(ArrayOutcome.OK, bench.write(1, 1, 5));
        assertEquals(ArrayOutcome.OK, bench.write(2, 64, 6));
        assertEquals(ArrayOutcome.OK, bench.write(last, 64, 100));
        bench.readGood(1, 1, 5);
        bench.readGood(1, 64, 5);
        BlockRead read = bench.readGood(last, 64, 100);
        assertEquals(0, read.repairable);
        assertEquals(0, read.wrongCopies);
        bench.array.health().forEach(member -> assertEquals(0, member.readErrors()));
    }

    @Test
    void onlyTheBlocksThatDoNotVerifyAreBad() {
        ArrayBench bench = bench();
        bench.write(10, 8, 1);
        bench.write(12, 1, 77);
        bench.write(17, 1, 78);
        BlockRead read = bench.read(10, 8, 1);
        assertEquals(1 << 2 | 1 << 7, read.bad);
        assertEquals(0, read.repairable);
        assertEquals(0, read.wrongCopies);
        for (int i : new int[] {0, 1, 3, 4, 5, 6}) {
            assertEquals((byte) (1 + i), read.into.get(i * 4096 + 4095));
        }
    }

    @Test
    void aReadObjectIsUsedAgainAndAgain() {
        ArrayBench bench = bench();
        bench.write(10, 2, 1);
        List<Long> bad = new ArrayList<>();
        BlockRead read = new BlockRead(ArrayBench.filled(2, 0), bench.loop, done -> bad.add(done.bad));
        read.address = 10;
        read.blocks = 2;
        for (int i = 0; i < 3; i++) {
            read.checksums[0] = ArrayBench.checksum(1);
            read.checksums[1] = ArrayBench.checksum(2) + i % 2;
            int turns = i + 1;
            bench.run(() -> bench.array.read(read));
            bench.world.runUntil(() -> bad.size() == turns);
        }
        assertEquals(List.of(0L, 2L, 0L), bad);
    }

    @Test
    void flushedBlocksSurviveAPowerCutOnEveryMember() {
        for (long seed = 0; seed < 20; seed++) {
            ArrayBench bench = ArrayBench.opened(seed, copies());
            assertEquals(ArrayOutcome.OK, bench.write(40, 3, 9), "seed " + seed);
            assertEquals(ArrayOutcome.OK, bench.flush(), "seed " + seed);
            bench.powerCut();
            bench.open();
            assertEquals(0, bench.readGood(40, 3, 9).wrongCopies, "seed " + seed);
            for (int slot = 0; slot < copies(); slot++) {
                assertEquals(9, bench.device(slot).medium().read(bench.diskBlock(40))[0], "seed " + seed);
            }
        }
    }

    @Test
    void logAndRootAreDurableOnEveryMemberWhenTheyEnd() {
        for (long seed = 0; seed < 20; seed++) {
            ArrayBench bench = ArrayBench.opened(seed, copies());
            assertEquals(ArrayOutcome.OK, bench.writeLog(8192, 3), "seed " + seed);
            assertEquals(ArrayOutcome.OK, bench.writeRoot(1, 129, all()), "seed " + seed);
            bench.powerCut();
            bench.open();
            assertEquals(all(), bench.array.members(), "seed " + seed);
            for (int slot = 0; slot < copies(); slot++) {
                ByteBuffer log = bench.readLog(slot, 4096, 5);
                byte[] found = {log.get(0), log.get(4096), log.get(2 * 4096), log.get(3 * 4096), log.get(4 * 4096)};
                assertEquals(
                        List.of(0, 3, 4, 5, 0),
                        List.of((int) found[0], (int) found[1], (int) found[2], (int) found[3], (int) found[4]),
                        "seed " + seed);
                RootRing ring = bench.opened.rings().get(slot);
                assertEquals(
                        129, ArrayBench.peek(ring.bytes(), 4096).orElseThrow().cp(), "seed " + seed);
                assertEquals(slot, ring.slot());
            }
        }
    }

    @Test
    void theRootRingIsReadFromTheMemberAsked() {
        ArrayBench bench = bench();
        bench.writeRoot(1, 5, all());
        for (int slot = 0; slot < copies(); slot++) {
            int member = slot;
            ByteBuffer ring = ByteBuffer.allocateDirect(Geometry.ROOT_BYTES);
            DiskOutcome outcome = bench.await(
                    done -> bench.array.readRoots(member, ring, bench.loop, (_, how) -> done.accept(how), 0));
            assertEquals(DiskOutcome.OK, outcome);
            assertEquals(5, ArrayBench.peek(ring, 5 * 4096).orElseThrow().cp());
        }
    }

    @Test
    void nothingIsToldInsideTheCall() {
        ArrayBench bench = bench();
        bench.write(1, 1, 1);
        List<Object> told = new ArrayList<>();
        ArrayDone done = (token, outcome) -> told.add(outcome);
        BlockRead read = new BlockRead(ArrayBench.filled(1, 0), bench.loop, told::add);
        read.address = 1;
        read.blocks = 1;
        bench.run(() -> {
            bench.array.write(2, ArrayBench.filled(1, 1), bench.loop, done, 1);
            bench.array.flush(bench.loop, done, 2);
            bench.array.repair(3, ArrayBench.filled(1, 1), 0, bench.loop, done, 3);
            bench.array.discard(9, 4, bench.loop, done, 4);
            bench.array.read(read);
            assertTrue(told.isEmpty());
        });
        bench.world.runUntil(() -> told.size() == 5);
    }

    @Test
    void withoutSpaceMembersStayAndItWorksAgainLater() {
        ArrayBench bench = bench();
        bench.device(0).faults().full = true;
        assertEquals(ArrayOutcome.NO_SPACE, bench.write(100, 1, 1));
        assertEquals(all(), bench.array.members());
        assertEquals(ArrayOutcome.OK, bench.flush());
        bench.device(0).faults().heal();
        assertEquals(ArrayOutcome.OK, bench.write(100, 1, 1));
        bench.readGood(100, 1, 1);
    }

    @Test
    void aFlushThatFailsForWantOfSpaceIsAFlushThatFailed() {
        ArrayBench bench = bench();
        for (int slot = 0; slot < copies(); slot++) {
            bench.device(slot).faults().failNth(1, DiskOutcome.FULL);
        }
        assertEquals(ArrayOutcome.FAILED, bench.flush());
        assertEquals(ArrayOutcome.FAILED, bench.flush());
    }

    @Test
    void whenTheLastMemberFailsNothingIsWrittenAnyMoreAndReadsGoOn() {
        for (long seed = 0; seed < 20; seed++) {
            ArrayBench bench = ArrayBench.opened(seed, copies());
            bench.write(5, 2, 1);
            bench.flush();
            for (int slot = 0; slot < copies(); slot++) {
                bench.device(slot).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
            }
            assertEquals(ArrayOutcome.FAILED, bench.flush(), "seed " + seed);
            assertEquals(ArrayOutcome.FAILED, bench.flush(), "no retry into success, seed " + seed);
            assertEquals(ArrayOutcome.FAILED, bench.write(7, 1, 1), "seed " + seed);
            assertEquals(ArrayOutcome.FAILED, bench.writeLog(0, 1), "seed " + seed);
            assertEquals(ArrayOutcome.FAILED, bench.writeRoot(1, 1, 1), "seed " + seed);
            assertEquals(ArrayOutcome.FAILED, bench.repair(5, 1, 1), "seed " + seed);
            assertEquals(1, Long.bitCount(bench.array.members()), "seed " + seed);
            bench.readGood(5, 2, 1);
        }
    }

    @Test
    void aBlockThatCanNotBeReadAnywhereIsBadAndItsNeighboursAreNot() {
        ArrayBench bench = bench();
        bench.write(20, 16, 1);
        for (int slot = 0; slot < copies(); slot++) {
            bench.device(slot).medium().spoil(bench.diskBlock(23));
        }
        BlockRead read = bench.read(20, 16, 1);
        assertEquals(1 << 3, read.bad);
        assertEquals(0, read.repairable);
        assertEquals((byte) 16, read.into.get(15 * 4096));
    }

    @Test
    void aDiscardedRangeCanBeWrittenAgainOnceThatHasEnded() {
        ArrayBench bench = bench();
        bench.write(30, 4, 1);
        assertEquals(ArrayOutcome.OK, bench.discard(30, 4));
        assertEquals(ArrayOutcome.OK, bench.write(31, 1, 9));
        bench.readGood(31, 1, 9);
        bench.device(0).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
        assertEquals(ArrayOutcome.OK, bench.discard(30, 1), "a discard is a hint");
        assertEquals(all(), bench.array.members());
    }

    @Test
    void closingReleasesEveryDisk() {
        ArrayBench bench = bench();
        bench.run(bench.array::close);
        for (int slot = 0; slot < copies(); slot++) {
            assertFalse(bench.device(slot).isOpen());
        }
        bench.open();
        assertEquals(all(), bench.array.members());
    }
}
