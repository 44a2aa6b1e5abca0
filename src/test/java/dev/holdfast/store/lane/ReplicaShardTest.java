package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.sim.world.SimFailure;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The store's side of a mirrored shard: what the protocol may do to it, and what nobody may see of it. */
final class ReplicaShardTest {
    private static final int SIZE = ReplicaBed.SIZE;
    private final ReplicaBed bed = new ReplicaBed(8 << 20);
    private final ReplicaShard replica = bed.replica;

    @Test
    void aChangeNumberedElsewhereIsSeenWhenItsGateOpens() {
        assertTrue(bed.holdWrite(5, 11, 0, 1));
        assertTrue(bed.holdWrite(5, 12, 0, 2));
        assertTrue(bed.holdTrim(6, 13, 0, 4096));
        assertEquals(13, replica.heldSeq());
        assertEquals(10, bed.shard.visibleSeq());
        bed.assertReads(0, 0);
        bed.opened(11);
        bed.assertReads(0, 1);
        bed.opened(12);
        bed.assertReads(0, 2);
        bed.opened(13);
        bed.assertReads(0, 0);
        assertEquals(List.of(), bed.told, "who numbered elsewhere is not asked here");
    }

    @Test
    void aRunHasNoGap() {
        assertTrue(bed.holdWrite(5, 11, 0, 1));
        assertRefused(() -> bed.holdWrite(5, 13, 0, 2), "a replica holds a run without a gap");
    }

    @Test
    void epochsDoNotGoBack() {
        assertTrue(bed.holdWrite(5, 11, 0, 1));
        assertRefused(() -> bed.holdWrite(4, 12, 0, 2), "epochs ascend");
    }

    @Test
    void oneReplicaNumbersInAnEpoch() {
        bed.bed.run(() -> replica.beginEpoch(5));
        assertRefused(() -> bed.holdWrite(5, 11, 0, 2), "one replica numbers in an epoch");
    }

    private static void assertRefused(Executable call, String why) {
        SimFailure failure = assertThrows(SimFailure.class, call);
        assertTrue(String.valueOf(failure.getMessage()).contains(why), failure.getMessage());
    }

    @Test
    void withoutRoomNothingHappensAndThenThereIsRoom() {
        ReplicaBed small = new ReplicaBed(2 << 20);
        long seq = 11;
        while (small.holdWrite(5, seq, (int) (seq % 200), 7)) {
            seq++;
        }
        assertTrue(seq > 300, "it was filled: " + seq);
        assertEquals(seq - 1, small.replica.heldSeq());
        assertEquals(seq - 11, small.bed.log.published());
        List<String> woken = new ArrayList<>();
        small.bed.run(() -> small.shard.whenRoom(() -> woken.add("room")));
        small.opened(seq - 1);
        small.stable(seq - 1);
        small.bed.checkpoint();
        assertFalse(woken.isEmpty());
        assertTrue(small.holdWrite(5, seq, 3, 9), "a root has let the memory log go");
        assertEquals(seq - 1, small.replica.rootedSeq());
    }

    @Test
    void whatWaitsAtTheGateCountsAgainstTheSpaceThatWasGranted() {
        bed.bed.run(() -> bed.bed.lane.grant(10));
        assertTrue(bed.holdWrite(5, 11, 0, 1));
        assertTrue(bed.holdWrite(5, 12, 1, 1));
        assertTrue(bed.holdWrite(5, 13, 2, 1));
        assertFalse(bed.holdWrite(5, 14, 3, 1), "three changes may dirty nine blocks");
        assertTrue(bed.holdTrim(5, 14, 0, 4096), "zeroes take no block");
        bed.opened(14);
        assertTrue(bed.holdWrite(5, 15, 3, 1), "three are dirty");
    }

    @Test
    void theEpochHistoryFollowsFromWhatIsHeld() {
        assertEquals(List.of(new EpochStart(4, 8)), replica.history());
        bed.holdTrim(4, 11, 0, 1);
        bed.holdTrim(5, 12, 0, 1);
        bed.holdTrim(5, 13, 0, 1);
        bed.holdTrim(9, 14, 0, 1);
        List<EpochStart> expected = List.of(new EpochStart(4, 8), new EpochStart(5, 12), new EpochStart(9, 14));
        assertEquals(expected, replica.history());
        bed.opened(14);
        bed.stable(14);
        bed.bed.checkpoint();
        assertEquals(expected, replica.history(), "a root changes nothing about it");
        assertEquals(
                List.of(new EpochStart(4, 11), new EpochStart(5, 12), new EpochStart(9, 14)),
                bed.bed.committer.epochs,
                "the root gets every epoch with its first change");
        for (int epoch = 10; epoch < 50; epoch++) {
            bed.holdTrim(epoch, epoch + 5L, 0, 1);
        }
        assertEquals(43, replica.history().size());
        assertEquals(new EpochStart(4, 8), replica.history().getFirst(), "all of what is kept");
        bed.opened(54);
        bed.stable(54);
        bed.durable(54);
        bed.bed.checkpoint();
        bed.holdTrim(50, 55, 0, 1);
        assertEquals(32, replica.history().size());
        assertEquals(new EpochStart(19, 24), replica.history().getFirst());
    }

    @Test
    void changesAreNumberedHereOnlyInAnEpochThatWasBegun() {
        bed.client.failuresAllowed = true;
        bed.bed.run(() -> {
            bed.client.write(0, ReplicaBed.block(1), false);
            bed.client.submit(Request.Kind.TRIM, 0, 4096);
        });
        assertEquals(List.of(Status.MOVED, Status.MOVED), bed.client.failures);
        bed.bed.run(() -> replica.beginEpoch(5));
        bed.bed.run(() -> bed.client.write(0, ReplicaBed.block(1), false));
        assertEquals(List.of(11L), bed.told);
        assertTrue(bed.holdWrite(6, 12, 0, 2));
        bed.bed.run(() -> bed.client.write(0, ReplicaBed.block(3), false));
        assertEquals(3, bed.client.failures.size(), "a later epoch is another's");
        assertEquals(List.of(new EpochStart(4, 8), new EpochStart(5, 11), new EpochStart(6, 12)), replica.history());
        bed.opened(12);
        bed.assertReads(0, 2);
        assertTrue(bed.client.outstanding.isEmpty(), "the change made here was acknowledged at the gate");
    }

    @Test
    void whatIsLoggedIsKnownByNumber() {
        bed.bed.run(() -> bed.bed.lane.createShard(new ShardMeta(9, 1, 1, "other", 4096), status -> {}));
        bed.holdWrite(5, 11, 0, 1);
        bed.bed.world.runFor(10_000_000);
        long before = bed.bed.committer.loggedByCommits;
        assertEquals(1, before, "only the other shard's creation waited");
        assertEquals(10, replica.loggedSeq());
        bed.holdWrite(5, 12, 0, 1);
        bed.holdWrite(5, 13, 0, 1);
        List<Status> done = new ArrayList<>();
        bed.bed.run(() -> replica.log(12, done::add));
        bed.bed.world.runUntil(() -> !done.isEmpty());
        assertEquals(12, replica.loggedSeq());
        assertEquals(10, replica.rootedSeq());
    }

    @Test
    void aShardAloneHasNoReplica() {
        LaneBed alone = new LaneBed(1, 1000, 4 << 20);
        assertTrue(alone.serve(1 << 20).replica().isEmpty());
    }

    @Test
    void whatAnotherReplicaMayAskForIsKeptAndReadAsItCame() {
        bed.holdWrite(5, 11, 0, 1);
        bed.holdTrim(6, 12, 4096, 8192);
        bed.holdWrite(6, 13, 2, 3);
        bed.opened(13);
        bed.stable(13);
        bed.durable(11);
        bed.bed.checkpoint();
        assertEquals(13, replica.rootedSeq());
        assertEquals(12, replica.firstKeptSeq());
        assertEquals(List.of("12 in 6 TRIM 4096+8192: none", "13 in 6 WRITE 8192+4096: 3"), bed.read(12, 13));
        bed.durable(13);
        assertEquals(14, replica.firstKeptSeq());
        bed.holdWrite(6, 14, 2, 3);
        bed.opened(14);
        bed.stable(14);
        bed.bed.checkpoint();
        assertEquals(3, bed.bed.log.released());
        assertEquals(List.of("14 in 6 WRITE 8192+4096: 3"), bed.read(14, 14));
    }

    @Test
    void whatIsKeptForOthersTakesNoMoreThanHalfOfTheMemoryLog() {
        long seq = 10;
        while (bed.holdTrim(5, seq + 1, 0, 4096)) {
            seq++;
        }
        assertTrue(bed.bed.log.usedFraction() > 0.5);
        bed.opened(seq);
        bed.stable(seq);
        bed.bed.checkpoint();
        assertEquals(seq + 1, replica.firstKeptSeq());
        assertEquals(0.0, bed.bed.log.usedFraction());
    }

    @Test
    void whatIsTakenBackWasNever() {
        bed.holdWrite(5, 11, 0, 1);
        bed.holdWrite(5, 12, 0, 2);
        bed.holdWrite(6, 13, 1, 3);
        bed.opened(11);
        assertTrue(bed.rewind(11));
        assertEquals(11, replica.heldSeq());
        assertEquals(List.of(new EpochStart(4, 8), new EpochStart(5, 11)), replica.history());
        assertTrue(bed.holdWrite(5, 12, 2, 4), "of an epoch that is not newer than what was taken back");
        assertTrue(bed.holdWrite(7, 13, 0, 5));
        bed.opened(13);
        bed.assertReads(0, 5);
        bed.assertReads(1, 0);
        bed.assertReads(2, 4);
        bed.stable(13);
        bed.durable(13);
        bed.bed.checkpoint();
        assertEquals(6, bed.bed.log.released(), "nothing keeps what was taken back");
        assertEquals(13, replica.rootedSeq());
        assertEquals(List.of(new EpochStart(4, 8), new EpochStart(5, 11), new EpochStart(7, 13)), replica.history());
    }

    @Test
    void whatIsStableIsNotTakenBack() {
        bed.holdWrite(5, 11, 0, 1);
        bed.opened(11);
        bed.stable(11);
        assertRefused(() -> bed.rewind(10), "what is stable stays");
    }

    @Test
    void whatReadersSawIsTakenBackAndWhatIsLeftIsOpenedAgain() {
        bed.holdWrite(5, 11, 0, 1);
        bed.opened(11);
        bed.stable(11);
        bed.bed.checkpoint();
        bed.holdWrite(5, 12, 0, 2);
        bed.holdWrite(5, 13, 1, 3);
        bed.opened(13);
        bed.bed.checkpoint();
        bed.holdWrite(5, 14, 0, 4);
        bed.opened(14);
        assertTrue(bed.rewind(12));
        assertEquals(11, replica.visibleSeq(), "13 was sealed together with 12");
        assertEquals(12, replica.heldSeq());
        bed.assertReads(0, 1);
        bed.assertReads(1, 0);
        bed.opened(12);
        bed.assertReads(0, 2);
        assertTrue(bed.holdWrite(6, 13, 1, 5));
        bed.opened(13);
        bed.stable(13);
        bed.bed.checkpoint();
        bed.assertReads(0, 2);
        bed.assertReads(1, 5);
        assertEquals(13, replica.rootedSeq());
    }

    @Test
    void whoWaitsForTheRootOfWhatIsTakenBackIsTold() {
        bed.bed.run(() -> replica.beginEpoch(5));
        List<Status> done = new ArrayList<>();
        bed.bed.run(() -> bed.bed.lane.createSnapshot(LaneBed.SHARD, 1, false, "s", done::add));
        bed.bed.run(() -> bed.bed.lane.deleteShard(LaneBed.SHARD, status -> {}));
        bed.opened(12);
        assertTrue(bed.rewind(10));
        assertEquals(List.of(Status.IO_ERROR), done);
        assertTrue(!bed.shard.isDeleted(), "its deletion never was");
        bed.assertReads(0, 0);
    }

    @Test
    void aFlushIsAnsweredWhenEveryReplicaHasLogged() {
        bed.bed.run(() -> replica.beginEpoch(5));
        List<Status> resized = new ArrayList<>();
        bed.bed.run(() -> {
            bed.client.write(0, ReplicaBed.block(1), true);
            bed.bed.lane.resizeShard(LaneBed.SHARD, 8192, resized::add);
        });
        bed.opened(12);
        bed.bed.run(() -> bed.client.submit(Request.Kind.FLUSH, 0, 0));
        bed.bed.run(() -> replica.log(12, status -> {}));
        bed.bed.world.runUntil(() -> replica.loggedSeq() == 12);
        assertEquals(3, bed.flushesWanted);
        assertEquals(2, bed.client.outstanding.size(), "others may not have logged it");
        bed.bed.run(() -> replica.flushed(11));
        assertEquals(1, bed.client.outstanding.size());
        assertEquals(List.of(), resized);
        bed.bed.run(() -> replica.flushed(12));
        assertEquals(0, bed.client.outstanding.size());
        assertEquals(List.of(Status.OK), resized);
    }

    @Test
    void whoWaitsWhenTheEpochEndsIsTold() {
        bed.client.failuresAllowed = true;
        bed.bed.run(() -> {
            replica.beginEpoch(5);
            bed.client.write(0, ReplicaBed.block(1), true);
            bed.client.write(0, ReplicaBed.block(2), false);
        });
        bed.opened(11);
        bed.bed.run(replica::endEpoch);
        assertEquals(List.of(Status.MOVED, Status.MOVED), bed.client.failures);
        bed.bed.run(() -> {
            bed.client.write(0, ReplicaBed.block(3), false);
            bed.client.submit(Request.Kind.FLUSH, 0, 0);
        });
        assertEquals(List.of(Status.MOVED, Status.MOVED), bed.client.failures.subList(2, 4));
        assertEquals(12, replica.heldSeq(), "what is held stays");
    }

    @Test
    void whoWaitsForWhatIsTakenBackIsToldThatItFailed() {
        bed.client.failuresAllowed = true;
        List<Status> control = new ArrayList<>();
        bed.bed.run(() -> {
            replica.beginEpoch(5);
            bed.client.write(0, ReplicaBed.block(1), false);
            bed.client.write(0, ReplicaBed.block(2), true);
            bed.bed.lane.resizeShard(LaneBed.SHARD, 4096, control::add);
        });
        assertTrue(bed.rewind(11));
        assertEquals(List.of(Status.MOVED), bed.client.failures);
        assertEquals(List.of(Status.MOVED), control);
        bed.opened(11);
        assertTrue(bed.client.outstanding.isEmpty(), "what stays is acknowledged");
        bed.bed.run(() -> bed.client.write(0, ReplicaBed.block(3), false));
        assertEquals(2, bed.client.failures.size(), "changes are numbered elsewhere now");
    }

    @Test
    void aFullMemoryLogStillTakesChangesBack() {
        ReplicaBed small = new ReplicaBed(2 << 20);
        small.bed.run(() -> small.bed.lane.createShard(new ShardMeta(9, 1, 1, "other", SIZE), status -> {}));
        small.bed.checkpoint();
        long seq = 11;
        while (small.holdTrim(5, seq, 0, 1)) {
            seq++;
        }
        Client other = new Client(
                small.bed.world.call(
                        small.bed.loop, () -> small.bed.lane.shard(9).get()),
                SIZE);
        small.bed.run(() -> {
            for (int i = 0; i < 500; i++) {
                other.submit(Request.Kind.TRIM, 0, 4096);
            }
        });
        assertFalse(other.outstanding.isEmpty(), "trims have filled what writes leave");
        assertTrue(small.rewind(10));
        small.bed.checkpoint();
        small.bed.world.runUntil(() -> other.outstanding.isEmpty());
        assertTrue(small.holdTrim(6, 11, 0, 1));
    }

    @Test
    void theNextProcessFindsOnlyWhatWasNotTakenBack() {
        bed.holdWrite(5, 11, 0, 1);
        bed.holdWrite(5, 12, 0, 2);
        bed.rewind(11);
        bed.holdWrite(6, 12, 0, 3);
        bed.holdWrite(6, 13, 0, 4);
        bed.rewind(12);
        assertEquals(List.of(11L, 12L), bed.foundAgain());
        assertEquals(List.of(5, 6), bed.epochsFoundAgain);
    }

    /** A protocol in short: what one holds is read there and held by the other. */
    @Test
    void whatIsHeldIsReadForAnother() {
        ReplicaBed other = new ReplicaBed(4 << 20);
        bed.holdWrite(5, 11, 0, 1);
        bed.bed.run(() -> replica.beginEpoch(6));
        bed.bed.run(() -> {
            bed.client.write(5000, new byte[] {7, 8, 9}, true);
            bed.client.submit(Request.Kind.TRIM, 0, 100);
        });
        for (long seq = 11; seq <= 13; seq++) {
            long read = seq;
            boolean[] held = new boolean[1];
            bed.bed.run(() -> replica.read(
                    read,
                    (epoch, of, kind, flags, offset, length, payload, checksum) -> held[0] = other.bed.world.call(
                            other.bed.loop,
                            () -> other.replica.hold(epoch, of, kind, flags, offset, length, payload))));
            assertTrue(held[0]);
        }
        assertEquals(replica.history(), other.replica.history());
        other.opened(13);
        other.client.model[5000] = 7;
        other.client.model[5001] = 8;
        other.client.model[5002] = 9;
        System.arraycopy(ReplicaBed.block(1), 0, other.client.model, 100, 3996);
        other.bed.run(() -> other.client.read(0, 8192));
        assertEquals(8192, other.client.compared);
    }
}
