package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.store.lane.EpochStart;
import dev.holdfast.store.lane.ReplicaShard;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a mirrored volume held beyond its root is held again after a start, and nobody has seen it. */
final class TailTest {
    /** Held to 12, visible to 8, stable to 6 and in a root up to there, logged to 10. */
    private static TailBench scene(long seed) {
        TailBench bench = TailBench.make(seed);
        for (long seq = 2; seq <= 6; seq++) {
            assertTrue(bench.hold(3, seq, 20));
        }
        bench.opened(6);
        bench.stable(6);
        bench.root();
        assertEquals(6, bench.ask(ReplicaShard::rootedSeq));
        for (long seq = 7; seq <= 12; seq++) {
            assertTrue(bench.hold(seq < 9 ? 3 : 4, seq, (int) seq));
        }
        bench.opened(8);
        bench.log(10);
        return bench;
    }

    private static void assertTail(TailBench bench, long held) {
        assertEquals(6, bench.ask(ReplicaShard::visibleSeq), "applied as far as the root");
        assertEquals(held, bench.ask(ReplicaShard::heldSeq));
        assertEquals(held, bench.ask(ReplicaShard::loggedSeq), "the start made all of it durable");
        assertEquals(
                List.of(new EpochStart(1, 1), new EpochStart(3, 2), new EpochStart(4, 9)),
                bench.ask(ReplicaShard::history));
        assertEquals(20, bench.at(6 * 4096));
        assertEquals(0, bench.at(7 * 4096), "nobody sees the tail");
    }

    @Test
    void afterTheProcessDiedAllThatWasHeldIsHeldAgain() {
        TailBench bench = scene(1);
        bench.pool.kill();
        for (int round = 0; round < 3; round++) {
            bench.open();
            assertTail(bench, 12);
            bench.pool.kill();
        }
        bench.open();
        bench.opened(12);
        for (int seq = 7; seq <= 12; seq++) {
            assertEquals(seq, bench.at(seq * 4096L));
        }
        bench.stable(12);
        bench.root();
        assertEquals(12, bench.ask(ReplicaShard::rootedSeq));
        bench.pool.powerCut();
        assertEquals(List.of(), bench.pool.check());
        bench.open();
        assertEquals(12, bench.at(12 * 4096));
        assertEquals(12, bench.ask(ReplicaShard::heldSeq));
    }

    @Test
    void afterAPowerCutAllThatWasLoggedIsHeldAgain() {
        TailBench bench = scene(2);
        bench.pool.powerCut();
        for (int round = 0; round < 3; round++) {
            bench.open();
            assertTail(bench, 10);
            bench.pool.powerCut();
        }
        bench.open();
        assertTrue(bench.hold(7, 11, 77), "and it goes on");
        bench.opened(11);
        assertEquals(77, bench.at(11 * 4096));
        bench.log(11);
        bench.pool.powerCut();
        bench.open();
        assertEquals(11, bench.ask(ReplicaShard::heldSeq));
    }

    @Test
    void aTailIsTakenBackAndStaysSo() {
        TailBench bench = scene(3);
        bench.pool.kill();
        bench.open();
        assertTrue(bench.rewind(7));
        assertTrue(bench.hold(9, 8, 88));
        bench.pool.kill();
        bench.open();
        assertEquals(8, bench.ask(ReplicaShard::heldSeq));
        assertEquals(
                List.of(new EpochStart(1, 1), new EpochStart(3, 2), new EpochStart(9, 8)),
                bench.ask(ReplicaShard::history));
        bench.opened(8);
        assertEquals(88, bench.at(8 * 4096));
        assertEquals(0, bench.at(9 * 4096));
        bench.log(8);
        bench.pool.powerCut();
        bench.open();
        assertEquals(8, bench.ask(ReplicaShard::heldSeq));
    }

    @Test
    void withOtherLanesAndOtherMemoryTheTailIsTheSame() {
        TailBench bench = scene(4);
        bench.pool.kill();
        bench.pool.lanes = 3;
        bench.pool.memoryBytes = 12 << 20;
        bench.open();
        assertTail(bench, 12);
        bench.pool.kill();
        bench.pool.lanes = 1;
        bench.pool.memoryBytes = 4 << 20;
        bench.open();
        assertTail(bench, 12);
    }

    @Test
    void aStopWithATailIsNotACleanOne() {
        TailBench bench = scene(5);
        assertEquals(Status.OK, bench.pool.write(bench.pool.volume(1), 0, 4096, 5));
        bench.pool.stop();
        bench.open();
        assertTail(bench, 12);
        assertEquals(5, bench.pool.read(bench.pool.volume(1), 0, 1).orElseThrow()[0]);
        bench.opened(12);
        bench.stable(12);
        bench.pool.stop();
        bench.pool.powerCut();
        bench.open();
        assertEquals(12, bench.ask(ReplicaShard::rootedSeq), "without a tail it is");
    }

    @Test
    void theVolumeAloneIsWhatItWas() {
        TailBench bench = scene(6);
        assertEquals(Status.OK, bench.pool.write(bench.pool.volume(1), 0, 4096, 5));
        assertEquals(Status.OK, bench.pool.run(bench.pool.volume(1), Request.Kind.FLUSH, 0, 0));
        bench.pool.powerCut();
        bench.open();
        assertEquals(5, bench.pool.read(bench.pool.volume(1), 0, 1).orElseThrow()[0]);
        assertTrue(bench.pool.pool.replica(1).isEmpty());
    }

    @Test
    void aTailThatDoesNotFitIsKept() {
        TailBench bench = TailBench.make(7, 64 << 20);
        bench.pool.kill();
        bench.pool.memoryBytes = 8 << 20;
        bench.open();
        long seq = 2;
        while (bench.hold(3, seq, 0, 1 << 20, (int) seq)) {
            seq++;
        }
        long held = seq - 1;
        bench.pool.kill();
        bench.pool.memoryBytes = 3 << 20;
        assertFalse(bench.pool.open());
        assertEquals(
                "what mirrored volumes hold does not fit into this memory: start with as much as before",
                bench.pool.refused);
        bench.pool.kill();
        bench.pool.memoryBytes = 8 << 20;
        bench.open();
        assertEquals(held, bench.ask(ReplicaShard::heldSeq));
    }

    /** What waits fills as much of the ring as it may, others want the rest: a start still has room for the tail. */
    @Test
    void howeverFullTheRingIsAStartHasRoom() {
        TailBench bench = TailBench.make(8);
        long seq = 2;
        while (bench.hold(3, seq, 0, 64 << 10, (int) seq)) {
            seq++;
        }
        assertTrue(seq > 10, "held " + seq);
        bench.log(seq - 1);
        for (int i = 0; i < 60; i++) {
            assertEquals(Status.OK, bench.pool.write(bench.pool.volume(1), i * (256L << 10), 256 << 10, 1));
            bench.beginFlush();
            bench.pool.world.runFor(50_000_000L);
        }
        bench.pool.kill();
        bench.open();
        assertEquals(seq - 1, bench.ask(ReplicaShard::heldSeq));
        bench.opened(seq - 1);
        bench.stable(seq - 1);
        bench.root();
        assertTrue(bench.hold(3, seq, 0, 64 << 10, 1), "when a root has it, there is room again");
        assertEquals(Status.OK, bench.pool.run(bench.pool.volume(1), Request.Kind.FLUSH, 0, 0));
    }

    @Test
    void aRingThatFillsUpIsNoticed() {
        Mutant.plant("store.keep-no-room");
        assertThrows(Throwable.class, this::howeverFullTheRingIsAStartHasRoom);
    }

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }
}
