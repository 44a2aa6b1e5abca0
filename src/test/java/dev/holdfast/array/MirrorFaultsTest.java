package dev.holdfast.array;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Violation;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.sim.world.SimLoop;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a mirror makes of each thing a disk may do to it. */
final class MirrorFaultsTest {
    private static final int SEEDS = 10;

    /** Blocks that different slots are asked for first; which one is up to the mirror. */
    private static final long[] SPREAD = {5, 2048 + 5, 4096 + 5, 6144 + 5, 8192 + 5};

    private static ArrayBench two(long seed) {
        return ArrayBench.opened(seed, 2);
    }

    @Test
    void aRottenCopyIsReadFromTheOtherOneAndNamed() {
        for (long address : SPREAD) {
            for (int slot = 0; slot < 2; slot++) {
                ArrayBench bench = two(address);
                bench.write(address, 8, 1);
                bench.rot(slot, address + 3);
                BlockRead read = bench.readGood(address, 8, 1);
                boolean noticed = read.repairable != 0;
                assertEquals(noticed ? 1 << 3 : 0, read.repairable);
                assertEquals(noticed ? 1L << slot : 0, read.wrongCopies);
                assertEquals(noticed ? 1 : 0, bench.array.health().get(slot).readErrors());
            }
        }
    }

    @Test
    void everyCopyIsReadBySomeAddress() {
        for (int copies = 1; copies <= 3; copies++) {
            ArrayBench bench = ArrayBench.opened(3, copies);
            long seen = 0;
            for (long address : SPREAD) {
                int slot = bench.array.memberSet().choose(address, 0);
                assertEquals(slot, bench.array.memberSet().choose(address + 1, 0), "neighbours come from one copy");
                seen |= 1L << slot;
            }
            assertEquals((1L << copies) - 1, seen);
        }
    }

    @Test
    void aRepairedBlockIsGoodOnTheCopyThatHadItWrong() {
        for (int slot = 0; slot < 2; slot++) {
            ArrayBench bench = two(1);
            bench.write(7, 1, 9);
            bench.rot(slot, 7);
            assertEquals(ArrayOutcome.OK, bench.repair(7, 9, 1L << slot));
            assertEquals(9, bench.device(slot).medium().read(bench.diskBlock(7))[0]);
            assertEquals(1, bench.array.health().get(slot).repaired());
            assertEquals(0, bench.array.health().get(1 - slot).repaired());
            assertEquals(0, bench.readGood(7, 1, 9).repairable);
        }
    }

    @Test
    void aBlockRottenOnBothIsBadAndNothingIsToBeRepaired() {
        ArrayBench bench = two(2);
        bench.write(50, 4, 1);
        bench.rot(0, 51);
        bench.rot(1, 51);
        BlockRead read = bench.read(50, 4, 1);
        assertEquals(1 << 1, read.bad);
        assertEquals(0, read.repairable);
        assertEquals(0, read.wrongCopies);
        assertEquals(4, read.into.get(3 * 4096));
    }

    @Test
    void blocksRottenOnDifferentCopiesAreAllRead() {
        ArrayBench bench = ArrayBench.opened(2, 3);
        bench.write(50, 6, 1);
        bench.rot(0, 50);
        bench.rot(1, 50);
        bench.rot(1, 52);
        bench.rot(2, 53);
        bench.rot(0, 55);
        bench.rot(2, 55);
        BlockRead read = bench.readGood(50, 6, 1);
        assertEquals(0, read.repairable & ~0b101101);
    }

    @Test
    void aReadErrorIsServedByTheOtherCopyBlockByBlock() {
        for (int slot = 0; slot < 2; slot++) {
            ArrayBench bench = two(4);
            bench.write(60, 32, 1);
            bench.device(slot).medium().spoil(bench.diskBlock(70));
            BlockRead read = bench.readGood(60, 32, 1);
            boolean noticed = read.repairable != 0;
            assertEquals(noticed ? 1 << 10 : 0, read.repairable, "only the block that failed");
            assertEquals(noticed ? 1L << slot : 0, read.wrongCopies);
        }
    }

    @Test
    void aReadThatFailsOnceIsTriedAgainBeforeItIsGivenUp() {
        ArrayBench bench = ArrayBench.opened(4, 1);
        bench.write(60, 1, 1);
        bench.device(0).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
        BlockRead read = bench.readGood(60, 1, 1);
        assertEquals(0, read.repairable, "what came right by itself needs no repair");
    }

    @Test
    void aMisdirectedWriteIsNoticedAndBothItsVictimsAreReadFromTheOtherCopy() {
        for (long seed = 0; seed < SEEDS; seed++) {
            ArrayBench bench = two(seed);
            for (int i = 0; i < 20; i++) {
                bench.write(100 + i * 64, 64, i);
            }
            bench.device(1).faults().misdirectedPerMillion = 1_000_000;
            bench.write(500, 1, 400);
            bench.device(1).faults().heal();
            bench.readGood(500, 1, 400);
            for (int i = 0; i < 20 * 64; i++) {
                bench.readGood(100 + i, 1, i == 400 ? 400 : i / 64 + i % 64);
            }
        }
    }

    @Test
    void aMemberWhoseWriteFailsIsOutBeforeTheWriteIsAnswered() {
        for (long seed = 0; seed < SEEDS; seed++) {
            ArrayBench bench = two(seed);
            bench.write(9, 1, 1);
            bench.device(0).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
            assertEquals(ArrayOutcome.MEMBER_LOST, bench.write(10, 2, 2));
            assertEquals(0b10, bench.array.members());
            assertEquals(ArrayOutcome.OK, bench.write(12, 1, 4));
            assertEquals(ArrayOutcome.OK, bench.flush());
            bench.readGood(10, 3, 2);
            MemberHealth lost = bench.array.health().get(0);
            assertFalse(lost.present());
            assertEquals("write: input/output error", lost.reason());
            assertEquals(1, lost.writeErrors());
            assertEquals("/d0", lost.path());
        }
    }

    @Test
    void aMemberTakenOutIsNeitherWrittenNorReadAgain() {
        ArrayBench bench = two(1);
        bench.device(1).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
        assertEquals(ArrayOutcome.MEMBER_LOST, bench.flush());
        long issued = bench.device(1).issuedOperations();
        for (long address : SPREAD) {
            bench.write(address, 1, 1);
            bench.readGood(address, 1, 1);
        }
        bench.flush();
        bench.writeLog(0, 1);
        bench.writeRoot(2, 1, 1);
        bench.repair(5, 1, 0b11);
        bench.discard(5, 1);
        assertEquals(issued, bench.device(1).issuedOperations());
    }

    @Test
    void aFlushThatFailsOnOneDeviceAndCompletedOnTheOtherLosesTheOne() {
        for (long seed = 0; seed < SEEDS; seed++) {
            ArrayBench bench = two(seed);
            bench.write(9, 1, 1);
            bench.device(1).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
            assertEquals(ArrayOutcome.MEMBER_LOST, bench.flush());
            assertEquals(0b01, bench.array.members());
            assertEquals(ArrayOutcome.OK, bench.writeRoot(2, 7, 0b01));
            bench.powerCut();
            bench.open();
            assertEquals(0b01, bench.array.members(), "the half whose flush failed is not the truth, seed " + seed);
            assertEquals(0, bench.opened.left());
            assertTrue(bench.array.health().get(1).reason().contains("holds no data yet"));
            bench.readGood(9, 1, 1);
        }
    }

    @Test
    void aFailedLogOrRootWriteTakesTheMemberOut() {
        ArrayBench bench = ArrayBench.opened(1, 3);
        bench.device(2).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
        assertEquals(ArrayOutcome.MEMBER_LOST, bench.writeLog(0, 1));
        assertEquals(0b011, bench.array.members());
        bench.device(0).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
        assertEquals(ArrayOutcome.MEMBER_LOST, bench.writeRoot(1, 1, 0b011));
        assertEquals(0b010, bench.array.members());
        assertEquals(ArrayOutcome.OK, bench.writeRoot(2, 1, 0b010));
    }

    @Test
    void aRepairThatFailsTakesTheMemberOutAndTheOtherServes() {
        ArrayBench bench = two(1);
        bench.write(5, 1, 1);
        bench.device(0).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
        assertEquals(ArrayOutcome.MEMBER_LOST, bench.repair(5, 1, 0b01));
        assertEquals(0b10, bench.array.members());
        bench.readGood(5, 1, 1);
    }

    @Test
    void aDeviceThatIsGoneIsAvoidedByReadsAndTakenOutByTheNextChange() {
        for (long address : SPREAD) {
            ArrayBench bench = two(address);
            bench.write(address, 4, 1);
            int slot = bench.array.memberSet().choose(address, 0);
            bench.device(slot).faults().gone = true;
            BlockRead read = bench.readGood(address, 4, 1);
            assertEquals(0b1111, read.repairable);
            assertEquals(1L << slot, read.wrongCopies);
            long issued = bench.device(slot).issuedOperations();
            bench.readGood(address, 4, 1);
            assertEquals(issued, bench.device(slot).issuedOperations());
            assertEquals(0b11, bench.array.members());
            assertEquals(ArrayOutcome.MEMBER_LOST, bench.repair(address, 1, read.wrongCopies));
            assertEquals(0b11 & ~(1L << slot), bench.array.members());
        }
    }

    @Test
    void everyOperationUnderWayOnALostMemberSaysSo() {
        for (long seed = 0; seed < SEEDS; seed++) {
            ArrayBench bench = two(seed);
            List<ArrayOutcome> outcomes = new ArrayList<>();
            bench.run(() -> {
                for (int i = 0; i < 10; i++) {
                    bench.array.write(
                            10 + i, ArrayBench.filled(1, i), bench.loop, (token, outcome) -> outcomes.add(outcome), i);
                }
                bench.device(1).faults().gone = true;
            });
            bench.world.runUntil(() -> outcomes.size() == 10);
            assertEquals(
                    10,
                    outcomes.stream().filter(ArrayOutcome.MEMBER_LOST::equals).count(),
                    "seed " + seed);
            assertEquals(ArrayOutcome.OK, bench.flush(), "what began later is not hit");
            for (int i = 0; i < 10; i++) {
                bench.readGood(10 + i, 1, i);
            }
        }
    }

    @Test
    void theLossIsToldByTheFirstAnswerThatFollowsIt() {
        for (long seed = 0; seed < SEEDS; seed++) {
            ArrayBench bench = ArrayBench.opened(seed, 3);
            List<ArrayOutcome> outcomes = new ArrayList<>();
            List<Long> members = new ArrayList<>();
            bench.device(0).faults().failNth(3, DiskOutcome.MEDIA_ERROR);
            bench.run(() -> {
                for (int i = 0; i < 12; i++) {
                    bench.array.write(
                            10 + i,
                            ArrayBench.filled(1, i),
                            bench.loop,
                            (token, outcome) -> {
                                outcomes.add(outcome);
                                members.add(bench.array.members());
                            },
                            i);
                }
            });
            bench.world.runUntil(() -> outcomes.size() == 12);
            int first = outcomes.indexOf(ArrayOutcome.MEMBER_LOST);
            assertTrue(first >= 0, "seed " + seed);
            for (int i = 0; i < 12; i++) {
                assertEquals(i >= first ? 0b110L : 0b111L, members.get(i), "seed " + seed + ", answer " + i);
            }
        }
    }

    @Test
    void aFullMemberBesideALostOneIsToldAsBoth() {
        ArrayBench bench = two(3);
        bench.device(0).faults().full = true;
        bench.device(1).faults().failNth(1, DiskOutcome.MEDIA_ERROR);
        assertEquals(ArrayOutcome.NO_SPACE, bench.write(10, 1, 1));
        assertEquals(0b01, bench.array.members());
        bench.device(0).faults().heal();
        assertEquals(ArrayOutcome.MEMBER_LOST, bench.write(10, 1, 1), "the loss is still to be told");
        assertEquals(ArrayOutcome.OK, bench.write(10, 1, 1));
    }

    @Test
    void ofThreeMembersOneIsEnough() {
        ArrayBench bench = ArrayBench.opened(5, 3);
        bench.write(5, 1, 1);
        bench.flush();
        bench.device(0).faults().gone = true;
        assertEquals(ArrayOutcome.MEMBER_LOST, bench.write(6, 1, 2));
        bench.device(2).faults().gone = true;
        assertEquals(ArrayOutcome.MEMBER_LOST, bench.flush());
        assertEquals(ArrayOutcome.OK, bench.write(7, 1, 3));
        bench.readGood(5, 3, 1);
        bench.device(1).faults().gone = true;
        assertEquals(ArrayOutcome.FAILED, bench.flush());
        assertEquals(0b010, bench.array.members());
    }

    @Test
    void aStuckMemberHoldsTheAnswerAndAGoneOneReleasesIt() {
        ArrayBench bench = two(5);
        List<ArrayOutcome> outcomes = new ArrayList<>();
        bench.device(0).faults().stuck = true;
        bench.run(() -> bench.array.flush(bench.loop, (token, outcome) -> outcomes.add(outcome), 0));
        bench.world.runFor(10_000_000_000L);
        assertTrue(outcomes.isEmpty());
        bench.device(0).faults().gone = true;
        bench.device(0).settle();
        bench.world.runUntil(() -> !outcomes.isEmpty());
        assertEquals(List.of(ArrayOutcome.MEMBER_LOST), outcomes);
    }

    @Test
    void aMemberThatNeverAnswersIsTakenOutAndItsLateAnswersMeanNothing() {
        for (int stuck = 0; stuck < 2; stuck++) {
            ArrayBench bench = two(7);
            bench.device(stuck).faults().stuck = true;
            List<ArrayOutcome> outcomes = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                bench.run(() -> bench.array.flush(bench.loop, (token, outcome) -> outcomes.add(outcome), 0));
                bench.run(() -> bench.array.write(
                        9, ArrayBench.filled(1, 4), bench.loop, (token, outcome) -> outcomes.add(outcome), 0));
            }
            bench.world.runFor(1_000_000_000L);
            bench.run(() -> assertEquals(0, bench.array.tick(1)));
            assertTrue(outcomes.isEmpty());
            bench.run(() -> assertEquals(0, bench.array.tick(1)));
            assertEquals(java.util.Collections.nCopies(10, ArrayOutcome.MEMBER_LOST), outcomes);
            assertEquals(0b11 & ~(1 << stuck), bench.array.members());
            assertEquals(ArrayOutcome.OK, bench.write(10, 1, 5));
            bench.device(stuck).faults().stuck = false;
            bench.device(stuck).settle();
            for (int i = 0; i < 20; i++) {
                assertEquals(ArrayOutcome.OK, bench.write(20 + i, 1, i));
                assertEquals(ArrayOutcome.OK, bench.flush());
            }
            bench.readGood(20, 20, 0);
            bench.readGood(9, 1, 4);
            assertEquals(10, outcomes.size());
        }
    }

    @Test
    void theLastMemberIsWaitedForAndNamed() {
        ArrayBench bench = ArrayBench.opened(8, 1);
        List<ArrayOutcome> outcomes = new ArrayList<>();
        bench.device(0).faults().stuck = true;
        bench.run(() -> bench.array.flush(bench.loop, (token, outcome) -> outcomes.add(outcome), 0));
        bench.world.runFor(1_000_000_000L);
        bench.run(() -> assertEquals(0, bench.array.tick(1)));
        bench.run(() -> assertEquals(1, bench.array.tick(1)));
        assertTrue(outcomes.isEmpty());
        bench.device(0).faults().stuck = false;
        bench.device(0).settle();
        bench.world.runUntil(() -> !outcomes.isEmpty());
        assertEquals(List.of(ArrayOutcome.OK), outcomes);
        bench.run(() -> assertEquals(0, bench.array.tick(1)));
    }

    @Test
    void aCallerThatMissesTheArrayIsStopped() {
        ArrayBench bench = two(6);
        long last = bench.array.dataBlocks();
        ArrayDone nobody = (token, outcome) -> {};
        for (long address : new long[] {0, -1, last, last - 1, Long.MAX_VALUE}) {
            bench.run(() -> assertThrows(
                    Violation.class, () -> bench.array.write(address, ArrayBench.filled(2, 1), bench.loop, nobody, 0)));
        }
        SimLoop other = bench.world.newLoop("other");
        bench.world.run(other, () -> assertThrows(Violation.class, () -> bench.array.flush(other, nobody, 0)));
    }
}
