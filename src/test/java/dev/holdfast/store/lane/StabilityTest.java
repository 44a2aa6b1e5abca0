package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Status;
import dev.holdfast.sim.world.SimFailure;
import dev.holdfast.store.log.EntryKind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A root covers of a mirrored shard only what every in-sync replica has logged, and holds up nobody else. */
final class StabilityTest {
    private final ReplicaBed bed = new ReplicaBed(8 << 20);

    private long applied() {
        return bed.bed.committer.appliedSeqs.get(LaneBed.SHARD);
    }

    private void assertApplied(long seq) {
        bed.bed.world.runFor(100_000_000L);
        assertEquals(seq, applied());
    }

    @Test
    void whatIsNotStableIsLeftOutAndComesWithALaterRoot() {
        bed.holdWrite(5, 11, 0, 1);
        bed.holdWrite(5, 12, 0, 2);
        bed.opened(12);
        bed.bed.checkpoint();
        assertEquals(10, applied());
        assertEquals(List.of(12L), bed.wanted);
        assertEquals(0, bed.bed.log.released(), "what no root covers is kept");
        bed.holdWrite(5, 13, 0, 3);
        bed.opened(13);
        bed.stable(11);
        assertApplied(10);
        bed.stable(12);
        assertApplied(12);
        assertEquals(12, bed.replica.rootedSeq());
        assertEquals(0, bed.bed.log.released(), "another replica may ask for it");
        bed.durable(12);
        bed.assertReads(0, 3);
        bed.bed.checkpoint();
        bed.stable(13);
        assertApplied(13);
        assertEquals(13, bed.wanted.getLast());
        bed.assertReads(0, 3);
    }

    @Test
    void aRootIsAskedForBeforeWhatNoneCoversIsTooMuch() {
        ReplicaBed small = new ReplicaBed(8 << 20, 40 * 4200);
        List<String> reasons = small.bed.committer.reasons;
        long seq = 10;
        while (reasons.isEmpty()) {
            seq++;
            assertTrue(small.holdWrite(5, seq, 0, 1), "there is room when a root is asked for");
            small.opened(seq);
            small.stable(seq);
        }
        assertEquals(List.of("mirrored"), reasons);
        for (int more = 0; more < 15; more++) {
            assertTrue(small.holdWrite(5, ++seq, 0, 1), "and while it is made");
        }
        small.bed.world.runFor(100_000_000L);
        assertEquals(seq - 15, small.replica.rootedSeq());
        assertEquals(List.of("mirrored"), reasons, "what is left is less than half");
    }

    @Test
    void anotherShardOfTheLaneDoesNotWait() {
        bed.holdWrite(5, 11, 0, 1);
        bed.opened(11);
        bed.bed.run(() -> bed.bed.lane.createShard(new ShardMeta(9, 1, 1, "alone", 1 << 20), status -> {}));
        bed.bed.checkpoint();
        assertEquals(1, bed.bed.committer.appliedSeqs.get(9));
        assertEquals(10, applied());
    }

    @Test
    void behindAMarkerEveryPartWaitsForItsOwnStability() {
        bed.holdWrite(5, 11, 0, 1);
        ByteBuffer name = ByteBuffer.allocateDirect(1).put((byte) 's').flip();
        bed.bed.run(() -> bed.replica.hold(5, 12, EntryKind.SNAPSHOT, 0, 77, 0, name));
        bed.holdWrite(5, 13, 0, 2);
        bed.opened(13);
        bed.stable(12);
        bed.bed.checkpoint();
        assertApplied(12);
        assertTrue(bed.bed.committer.snapshots.containsKey(77L));
        bed.bed.checkpoint();
        assertEquals(13, bed.wanted.getFirst());
        bed.stable(13);
        assertApplied(13);
    }

    @Test
    void aSealedPartBehindOneThatIsTakenIsAskedForAtOnce() {
        for (long seq = 11; seq <= 13; seq += 2) {
            bed.holdWrite(5, seq, 0, (int) seq);
            ByteBuffer name = ByteBuffer.allocateDirect(1).put((byte) 's').flip();
            long marker = seq + 1;
            bed.bed.run(() -> bed.replica.hold(5, marker, EntryKind.SNAPSHOT, 0, marker, 0, name));
        }
        bed.opened(14);
        bed.stable(12);
        bed.bed.checkpoint();
        assertEquals(12, applied());
        assertEquals(14, bed.wanted.getFirst());
    }

    @Test
    void whatWaitsLongDoesNotKeepTheCommitterBusy() {
        ReplicaBed small = new ReplicaBed(2 << 20);
        long seq = 11;
        while (small.holdWrite(5, seq, (int) (seq % 200), 7)) {
            seq++;
        }
        small.opened(seq - 1);
        List<String> woken = new ArrayList<>();
        small.bed.run(() -> ask(small, woken));
        small.bed.world.runFor(20_000_000_000L);
        long rounds = small.bed.committer.checkpoints();
        assertTrue(rounds >= 4 && rounds <= 25, rounds + " consistency points in 20 s");
        small.stable(seq - 1);
        small.bed.world.runFor(1_000_000_000L);
        assertEquals(seq - 1, small.bed.committer.appliedSeqs.get(LaneBed.SHARD));
        assertEquals(List.of("room"), woken);
    }

    private static void ask(ReplicaBed small, List<String> woken) {
        if (small.shard.hasRoom(4096)) {
            woken.add("room");
        } else {
            small.shard.whenRoom(() -> ask(small, woken));
        }
    }

    @Test
    void whatIsStableIsNotTakenBack() {
        bed.holdWrite(5, 11, 0, 1);
        bed.stable(11);
        SimFailure failure = assertThrows(SimFailure.class, () -> bed.rewind(10));
        assertTrue(String.valueOf(failure.getMessage()).contains("what is stable stays"), failure.getMessage());
    }

    @Test
    void aStopDoesNotWaitForTheGate() {
        bed.client.failuresAllowed = true;
        List<String> drained = new ArrayList<>();
        bed.bed.run(() -> {
            bed.replica.beginEpoch(5);
            bed.client.write(0, ReplicaBed.block(1), false);
            bed.bed.lane.stop(() -> drained.add("drained"));
        });
        assertEquals(List.of(Status.SHUTDOWN), bed.client.failures);
        assertEquals(List.of("drained"), drained);
        assertEquals(11, bed.replica.heldSeq(), "it is held: who becomes primary knows what becomes of it");
    }
}
