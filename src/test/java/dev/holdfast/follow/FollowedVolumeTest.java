package dev.holdfast.follow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request.Kind;
import dev.holdfast.block.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Followed volumes over simulated servers of which one leads at a time. */
final class FollowedVolumeTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int BLOCK = 4096;

    private final FollowBed bed = new FollowBed(20_261_121, 2);

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    private static byte[] filled(int lengthBytes, int value) {
        byte[] bytes = new byte[lengthBytes];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private byte[] onDisk(int offset, int lengthBytes) {
        return Arrays.copyOfRange(bed.disk.bytes, offset, offset + lengthBytes);
    }

    @Test
    void everyKindOfRequestGoesToWhoeverLeads() {
        bed.lead(1);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, 1 << 20, 7).answer());
        assertEquals(Status.OK, client.write(3 * BLOCK + 5, 100, 8).answer());
        assertEquals(Status.OK, client.ask(Kind.FLUSH, 0, 0).answer());
        assertEquals(Status.OK, client.ask(Kind.TRIM, 0, 2 * BLOCK).answer());
        assertEquals(Status.OK, client.ask(Kind.ZERO, 2 * BLOCK, BLOCK).answer());
        assertEquals(Status.OK, client.ask(Kind.CACHE, 0, 1 << 20).answer());
        FollowBed.Asked read = client.ask(Kind.READ, 0, 1 << 20);
        assertEquals(Status.OK, read.answer());
        byte[] expected = filled(1 << 20, 7);
        Arrays.fill(expected, 0, 3 * BLOCK, (byte) 0);
        Arrays.fill(expected, 3 * BLOCK + 5, 3 * BLOCK + 105, (byte) 8);
        assertArrayEquals(expected, read.read);
        FollowBed.Asked zeroes = client.ask(Kind.READ, 100, 8000);
        assertEquals(Status.OK, zeroes.answer());
        assertArrayEquals(new byte[8000], zeroes.read);
        FollowBed.Asked extents = client.ask(Kind.EXTENTS, 0, 2 << 20);
        assertEquals(Status.OK, extents.answer());
        assertEquals(List.of("12288 free", (1 << 20) - 12288 + " taken", (1 << 20) + " free"), extents.extents);
    }

    @Test
    void whatIsUnderWayWhenTheReignEndsIsAnsweredByTheNext() {
        bed.lead(0);
        bed.nodes.get(0).copy.holdsBack = true;
        FollowBed.Client client = bed.client();
        List<FollowBed.Asked> asked = new ArrayList<>();
        bed.world.runFor(SECOND / 10);
        bed.nodes.get(0).copy.holdsBack = false;
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).copy.holdsBack = true;
        for (int i = 1; i < 200; i++) {
            asked.add(client.write(i * (long) BLOCK, BLOCK, i));
        }
        asked.add(client.ask(Kind.READ, 0, BLOCK));
        asked.add(client.ask(Kind.FLUSH, 0, 0));
        bed.world.runFor(SECOND / 10);
        assertTrue(asked.stream().noneMatch(FollowBed.Asked::isAnswered));
        bed.lead(1);
        asked.forEach(each -> assertEquals(Status.OK, each.answer()));
        asked.forEach(each -> assertEquals(1, each.answers.size()));
        assertArrayEquals(filled(BLOCK, 1), asked.get(199).read);
        for (int i = 0; i < 200; i++) {
            assertArrayEquals(filled(BLOCK, Math.max(i, 1)), onDisk(i * BLOCK, BLOCK));
        }
    }

    @Test
    void aPrimaryThatDiesWithItsMachineIsReplacedWithinTwoSeconds() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).machine.powerCut();
        FollowBed.Asked write = client.write(0, BLOCK, 2);
        long begunNanos = bed.world.nowNanos();
        bed.lead(1);
        assertEquals(Status.OK, write.answer());
        assertTrue(bed.world.nowNanos() - begunNanos < 2 * SECOND);
        assertArrayEquals(filled(BLOCK, 2), onDisk(0, BLOCK));
    }

    /** A paused primary has bytes in its sockets; when it wakes up, and leads again, they change nothing. */
    private boolean aPausedPrimaryDoesHarm() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).machine.process().pause(4 * SECOND);
        FollowBed.Asked late = client.write(0, BLOCK, 2);
        bed.world.runFor(SECOND / 10);
        bed.disk.lead(bed.nodes.get(1).copy);
        assertEquals(Status.OK, late.answer());
        assertEquals(Status.OK, client.write(0, BLOCK, 3).answer());
        bed.disk.lead(bed.nodes.get(0).copy);
        bed.world.runFor(6 * SECOND);
        return !Arrays.equals(filled(BLOCK, 3), onDisk(0, BLOCK));
    }

    @Test
    void whatWasStuckInAPausedPrimaryDoesNotTakeEffectInItsNextReign() {
        assertFalse(aPausedPrimaryDoesHarm());
    }

    @Test
    void pathsThatOutliveTheirReignDoHarm() {
        Mutant.plant("follow.path-outlives-reign");
        assertTrue(aPausedPrimaryDoesHarm());
    }

    /** Bytes that are long on their way to who leads all the time; a closed connection may still deliver them. */
    private static boolean aStuckConnectionDoesHarm(long seed) {
        FollowBed stuck = new FollowBed(seed, 2);
        stuck.lead(0);
        FollowBed.Client client = stuck.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        stuck.world.net().delayNanos = 20 * SECOND;
        FollowBed.Asked late = client.write(0, BLOCK, 2);
        stuck.world.runFor(1_000_000);
        stuck.world.net().delayNanos = 200_000;
        assertEquals(Status.OK, late.answer());
        assertEquals(Status.OK, client.write(0, BLOCK, 3).answer());
        stuck.world.runFor(25 * SECOND);
        return !Arrays.equals(filled(BLOCK, 3), Arrays.copyOf(stuck.disk.bytes, BLOCK));
    }

    private static boolean stuckConnectionsDoHarm() {
        return LongStream.rangeClosed(1, 12).anyMatch(FollowedVolumeTest::aStuckConnectionDoesHarm);
    }

    @Test
    void whatWasStuckInTheNetworkDoesNotTakeEffectLater() {
        assertFalse(stuckConnectionsDoHarm());
    }

    @Test
    void olderPathsThatServeDoHarm() {
        Mutant.plant("follow.older-paths-serve");
        assertTrue(stuckConnectionsDoHarm());
    }

    /** A change waits in the disk while its connection is reset; what was sent again must not pass it by. */
    private boolean whatWaitsInTheDiskDoesHarm() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).copy.holdsBack = true;
        FollowBed.Asked late = client.write(0, BLOCK, 2);
        bed.world.runFor(SECOND / 10);
        bed.nodes.get(0).copy.holdsBack = false; // What is kept stays there; what comes now is executed.
        bed.world.net().resetAll(bed.nodes.get(0).machine);
        bed.world.runFor(SECOND / 2);
        boolean passed = late.isAnswered();
        FollowBed.Asked after = client.write(0, BLOCK, 3);
        bed.world.runFor(SECOND / 2);
        bed.nodes.get(0).copy.release();
        assertEquals(Status.OK, late.answer());
        assertEquals(Status.OK, after.answer());
        bed.world.runFor(SECOND);
        return passed && !Arrays.equals(filled(BLOCK, 3), onDisk(0, BLOCK));
    }

    @Test
    void whatIsSentAgainWaitsForItsFirstSending() {
        assertFalse(whatWaitsInTheDiskDoesHarm());
    }

    @Test
    void newPathsThatDoNotWaitDoHarm() {
        Mutant.plant("follow.older-paths-under-way");
        assertTrue(whatWaitsInTheDiskDoesHarm());
    }

    /** A write was lost with its path; it is sent again with its own bytes. */
    private boolean otherBytesAreSentAgain() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).machine.kill();
        FollowBed.Asked one = client.write(0, BLOCK, 2);
        FollowBed.Asked other = client.write(BLOCK, BLOCK, 3);
        bed.lead(1);
        assertEquals(Status.OK, one.answer());
        assertEquals(Status.OK, other.answer());
        return !Arrays.equals(filled(BLOCK, 2), onDisk(0, BLOCK));
    }

    @Test
    void everyWriteIsSentAgainWithItsOwnBytes() {
        assertFalse(otherBytesAreSentAgain());
    }

    @Test
    void bytesOfTheNewestDoHarm() {
        Mutant.plant("follow.bytes-of-newest");
        assertTrue(otherBytesAreSentAgain());
    }

    /** The answer to a write is long on its way; meanwhile another node leads, and has not done it again yet. */
    private boolean anAnswerOfALeftPathIsHeard() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).copy.holdsWrites = true;
        FollowBed.Asked write = client.write(0, BLOCK, 2);
        bed.world.runFor(SECOND / 10);
        bed.world.net().delayNanos = 20 * SECOND;
        bed.nodes.get(0).copy.release();
        bed.world.runFor(1_000_000);
        bed.world.net().delayNanos = 200_000;
        bed.lead(1);
        bed.nodes.get(1).copy.holdsWrites = true;
        bed.world.runFor(25 * SECOND);
        boolean heard = write.isAnswered();
        bed.nodes.get(1).copy.release();
        assertEquals(Status.OK, write.answer());
        return heard;
    }

    @Test
    void nothingIsHeardOfAPathThatWasLeft() {
        assertFalse(anAnswerOfALeftPathIsHeard());
    }

    @Test
    void pathsThatAreLeftAndHeardDoHarm() {
        Mutant.plant("follow.left-path-is-heard");
        assertTrue(anAnswerOfALeftPathIsHeard());
    }

    /** The connection is reset, and the same node leads on. */
    private boolean aResetIsSurvived() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.world.net().resetAll(bed.nodes.get(0).machine);
        FollowBed.Asked write = client.write(0, BLOCK, 2);
        bed.world.runFor(2 * SECOND);
        return write.answers.equals(List.of(Status.OK));
    }

    @Test
    void aResetIsFollowedByANewPathToTheSameNode() {
        assertTrue(aResetIsSurvived());
    }

    @Test
    void pathsThatAllHaveOneNumberAreRefused() {
        Mutant.plant("follow.number-used-again");
        assertFalse(aResetIsSurvived());
    }

    /** A flush was under way when its primary ended, and nobody has flushed since. */
    private boolean aFlushDiesAnswered() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).copy.holdsBack = true;
        FollowBed.Asked flush = client.ask(Kind.FLUSH, 0, 0);
        bed.world.runFor(SECOND / 10);
        bed.nodes.get(0).machine.kill();
        bed.world.runFor(SECOND);
        boolean answered = flush.isAnswered();
        bed.lead(1);
        assertEquals(Status.OK, flush.answer());
        return answered;
    }

    @Test
    void aFlushIsAnsweredByAPathThatLives() {
        assertFalse(aFlushDiesAnswered());
    }

    @Test
    void flushesOfDeadPathsDoHarm() {
        Mutant.plant("client.flush-dies-answered");
        assertTrue(aFlushDiesAnswered());
    }

    /** What a flush is answered when all memories were lost between a change and it. */
    private Status flushAfterLoss() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.world.run(bed.nodes.get(0).loop, bed.disk::lose);
        bed.lead(1);
        Status answer = client.ask(Kind.FLUSH, 0, 0).answer();
        assertEquals(Status.OK, client.ask(Kind.FLUSH, 0, 0).answer());
        return answer;
    }

    @Test
    void aFlushFailsOnceAfterWhatItCoversMayHaveBeenLost() {
        assertEquals(Status.IO_ERROR, flushAfterLoss());
    }

    @Test
    void flushesThatHideALossDoHarm() {
        Mutant.plant("follow.flush-hides-loss");
        assertEquals(Status.OK, flushAfterLoss());
    }

    @Test
    void whatWasFlushedOrForcedBeforeALossIsNoneOfIt() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        assertEquals(Status.OK, client.ask(Kind.FLUSH, 0, 0).answer());
        bed.world.run(bed.nodes.get(0).loop, bed.disk::lose);
        FollowBed.Asked during = client.write(0, BLOCK, 2);
        bed.world.runFor(SECOND / 10);
        bed.lead(1);
        assertEquals(Status.OK, during.answer());
        assertEquals(Status.OK, client.ask(Kind.FLUSH, 0, 0).answer());
    }

    @Test
    void everyFlushThatWasUnderWayInALossFails() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).copy.holdsBack = true;
        FollowBed.Asked one = client.ask(Kind.FLUSH, 0, 0);
        FollowBed.Asked other = client.ask(Kind.FLUSH, 0, 0);
        bed.world.runFor(SECOND / 10);
        bed.world.run(bed.nodes.get(0).loop, bed.disk::lose);
        bed.lead(1);
        assertEquals(Status.IO_ERROR, one.answer());
        assertEquals(Status.IO_ERROR, other.answer());
        assertEquals(Status.OK, client.ask(Kind.FLUSH, 0, 0).answer());
    }

    @Test
    void aRequestThatNobodyAnswersFailsAfterThirtySecondsAndNotBefore() {
        FollowBed.Client client = bed.client();
        FollowBed.Asked write = client.write(0, BLOCK, 1);
        bed.world.runFor(29 * SECOND);
        assertFalse(write.isAnswered());
        bed.world.runFor(2 * SECOND);
        assertEquals(List.of(Status.IO_ERROR), write.answers);
        bed.lead(1);
        assertEquals(Status.OK, client.write(0, BLOCK, 2).answer());
        assertArrayEquals(filled(BLOCK, 2), onDisk(0, BLOCK));
    }

    @Test
    void timeInWhichTheProcessSleptDoesNotCount() {
        FollowBed.Client client = bed.client();
        FollowBed.Asked write = client.write(0, BLOCK, 1);
        bed.world.runFor(20 * SECOND);
        bed.world.machine().process().pause(40 * SECOND);
        bed.world.runFor(45 * SECOND);
        assertFalse(write.isAnswered());
        bed.lead(0);
        assertEquals(Status.OK, write.answer());
    }

    @Test
    void whatIsGivenUpForItsAgeTakesNoEffectAfterWhatComesLater() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).copy.holdsBack = true;
        FollowBed.Asked old = client.write(0, BLOCK, 2);
        assertEquals(Status.IO_ERROR, old.answer());
        FollowBed.Asked later = client.write(0, BLOCK, 3);
        bed.world.runFor(SECOND);
        bed.nodes.get(0).copy.release();
        assertEquals(Status.OK, later.answer());
        bed.world.runFor(SECOND);
        assertArrayEquals(filled(BLOCK, 3), onDisk(0, BLOCK));
    }

    @Test
    void errorsOfTheDiskAreTheAnswer() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        for (Status status : List.of(Status.IO_ERROR, Status.NO_SPACE, Status.INVALID, Status.READ_ONLY)) {
            bed.nodes.get(0).copy.faults = request -> request.kind == Kind.WRITE ? status : Status.OK;
            assertEquals(status, client.write(0, BLOCK, 1).answer());
        }
    }

    @Test
    void aSlowDiskIsNotAskedTwice() {
        bed.lead(0);
        FollowBed.Client client = bed.client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).copy.holdsBack = true;
        FollowBed.Asked slow = client.write(0, BLOCK, 2);
        bed.world.runFor(10 * SECOND);
        assertFalse(slow.isAnswered());
        bed.nodes.get(0).copy.release();
        assertEquals(Status.OK, slow.answer());
        bed.world.runFor(SECOND);
        assertEquals(2, bed.nodes.get(0).copy.changes);
    }

    @Test
    void bytesThatAreKeptAreBoundedAndRoomComesBack() {
        FollowBed.Client client = bed.client();
        List<FollowBed.Asked> asked = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            asked.add(client.write((i % 4) * (long) (1 << 20), 1 << 20, 1));
        }
        List<String> told = new ArrayList<>();
        client.loop.post(() -> {
            told.add("room " + client.volume.hasRoom(1));
            client.volume.whenRoom(() -> told.add("room again"));
        });
        bed.world.runFor(SECOND);
        assertEquals(List.of("room false"), told);
        bed.lead(0);
        asked.forEach(each -> assertEquals(Status.OK, each.answer()));
        bed.world.runFor(SECOND);
        assertEquals(List.of("room false", "room again"), told);
    }

    @Test
    void roomAtThePrimaryIsWaitedFor() {
        bed.lead(0);
        bed.nodes.get(0).copy.room(false);
        FollowBed.Client client = bed.client();
        FollowBed.Asked write = client.write(0, BLOCK, 1);
        bed.world.runFor(SECOND);
        assertFalse(write.isAnswered());
        bed.nodes.get(0).copy.room(true);
        assertEquals(Status.OK, write.answer());
    }

    @Test
    void theCopyHereIsUsedWhileItLeads() {
        bed.lead(0);
        FollowBed.Client client = bed.nodes.get(0).client();
        int ends = bed.world.net().openEnds();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        assertEquals(ends, bed.world.net().openEnds());
        bed.lead(1);
        assertEquals(Status.OK, client.write(0, BLOCK, 2).answer());
        assertEquals(1, bed.nodes.get(1).copy.changes);
        bed.lead(0);
        assertEquals(Status.OK, client.write(0, BLOCK, 3).answer());
        assertEquals(2, bed.nodes.get(0).copy.changes);
        assertArrayEquals(filled(BLOCK, 3), onDisk(0, BLOCK));
    }

    @Test
    void aCopyHereThatLeadsWithoutALeaseIsLeftForWhoAnswers() {
        bed.lead(0);
        FollowBed.Client client = bed.nodes.get(0).client();
        assertEquals(Status.OK, client.write(0, BLOCK, 1).answer());
        bed.nodes.get(0).copy.holdsBack = true;
        FollowBed.Asked write = client.write(0, BLOCK, 2);
        bed.world.runFor(SECOND);
        bed.nodes.get(1).copy.reign = 100; // The other does not know of it.
        assertEquals(Status.OK, write.answer());
        assertEquals(1, bed.nodes.get(1).copy.changes);
        bed.world.run(bed.nodes.get(0).loop, () -> bed.nodes.get(0).copy.resign());
        assertEquals(Status.OK, client.write(0, BLOCK, 3).answer());
        assertEquals(List.of(Status.OK), write.answers);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void whateverTheNetworkDoesEveryChangeIsThereOnceItIsAnswered(long seed) {
        FollowBed rough = new FollowBed(seed, 3);
        rough.world.net().resetPerMillion = 2_000;
        rough.world.net().oneInSplit = 2;
        rough.lead(0);
        FollowBed.Client client = rough.client();
        for (int round = 1; round < 60; round++) {
            FollowBed.Asked[] asked = new FollowBed.Asked[12];
            for (int i = 0; i < asked.length; i++) {
                asked[i] = client.write(i * 70_000L, 1 + (round * 997 + i) % 65_000, round);
            }
            int leader = (int) ((seed + round) % 3);
            rough.world.at(rough.world.random().below(3_000_000), () -> {
                if (leader != 0 || seed % 2 == 0) {
                    rough.nodes.get(leader).loop.post(() -> rough.disk.lead(rough.nodes.get(leader).copy));
                }
            });
            for (int i = 0; i < asked.length; i++) {
                assertEquals(Status.OK, asked[i].answer());
                assertEquals((byte) round, rough.disk.bytes[i * 70_000]);
            }
        }
        assertTrue(client.volume.hasRoom(BlockVolume.MAX_TRANSFER_BYTES));
    }
}
