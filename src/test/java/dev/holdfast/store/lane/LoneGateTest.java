package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.replica.LoneGate;
import org.junit.jupiter.api.Test;

/** What a copy that was taken away keeps of its log. */
final class LoneGateTest {
    private final ReplicaBed bed = new ReplicaBed(2 << 20);
    private long newest;

    /** Until not even an entry that takes changes back has room. */
    private void fill() {
        newest = ReplicaBed.FIRST_SEQ - 1;
        while (bed.holdTrim(5, newest + 1, 0, 4096)) {
            newest++;
        }
        while (bed.rewind(newest - 1)) {
            newest--;
        }
        assertTrue(newest > ReplicaBed.FIRST_SEQ, "something is held: " + newest);
        assertFalse(bed.rewind(newest - 1));
    }

    private void leave() {
        bed.bed.run(() -> LoneGate.leave(bed.replica));
        assertEquals(newest, bed.replica.heldSeq(), "there was no room to forget anything");
    }

    @Test
    void itForgetsWhatIsNotStableWhenThereIsRoom() {
        fill();
        bed.opened(newest - 100);
        bed.stable(newest - 100);
        leave();
        bed.bed.checkpoint();
        bed.bed.world.runFor(1_000_000_000L);
        assertEquals(newest - 100, bed.replica.heldSeq());
    }

    /** Else the root that makes room would cover it, and nobody could take it back from there. */
    @Test
    void whatIsToBeForgottenDoesNotBecomeStableMeanwhile() {
        fill();
        bed.opened(newest);
        bed.stable(newest - 100);
        leave();
        for (int i = 0; i < 3; i++) {
            bed.bed.checkpoint();
            assertTrue(bed.replica.stableSeq() <= newest - 100, "stable to " + bed.replica.stableSeq());
        }
        assertTrue(bed.replica.rootedSeq() <= newest - 100, "rooted to " + bed.replica.rootedSeq());
    }

    /** It would forget what the new protocol has answered for. */
    @Test
    void itForgetsNothingOnceAnotherProtocolDecides() {
        fill();
        bed.opened(newest - 100);
        bed.stable(newest - 100);
        leave();
        bed.bed.run(() -> bed.replica.attach(bed.gate()));
        bed.bed.checkpoint();
        bed.bed.world.runFor(1_000_000_000L);
        assertEquals(newest, bed.replica.heldSeq());
    }
}
