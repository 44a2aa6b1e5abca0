package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import dev.holdfast.block.Status;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.Crash;
import dev.holdfast.sim.world.DeviceListener;
import dev.holdfast.sim.world.DiskOperationKind;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.store.lane.ReplicaShard;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Crashes at every disk operation of a start that finds a tail, and at random moments of the starts after that: what
 * was held or logged at the first crash is held in the end, and what one start has found no later one misses, nor has
 * more.
 */
final class TailCrashTest {
    private static final int LENGTH = 64 << 10;
    private int points;

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    /** Logged to {@code logged}, held to {@code held}; the root has the creation alone. */
    private static TailBench scene(long seed, long logged, long held) {
        TailBench bench = TailBench.make(seed, 64 << 20);
        bench.root();
        for (long block = 0; block < 200; block += 10) {
            assertEquals(Status.OK, bench.pool.write(bench.pool.volume(1), block * 4096, 4096, 1));
        }
        for (long seq = 2; seq <= held; seq++) {
            assertTrue(bench.hold(3, seq, seq * LENGTH, LENGTH, (int) seq));
            if (seq == logged) {
                bench.log(seq);
            }
        }
        return bench;
    }

    /** Opens the pool; at every operation of a disk, {@code tried} gets the pool as it is then. */
    private void enumerate(PoolBench pool, Consumer<PoolBench> tried) {
        boolean[] active = {true};
        points = 0;
        pool.world
                .machine()
                .devices()
                .forEach(device -> device.listen(new DeviceListener() {
                    @Override
                    public void issued(SimDevice of, DiskOperationKind kind, long offset) {
                        at(kind);
                    }

                    @Override
                    public void completed(SimDevice of, DiskOperationKind kind, long offset, DiskOutcome outcome) {
                        at(kind);
                    }

                    private void at(DiskOperationKind kind) {
                        if (active[0] && kind != DiskOperationKind.READ) {
                            points++;
                            tried.accept(pool);
                        }
                    }
                }));
        assertTrue(pool.open(), pool.refused);
        active[0] = false;
    }

    /** What a last start finds, after as many more starts that are cut off; and what it found is there for good. */
    private static long found(PoolBench crashed, int cutOff, boolean power, SimRandom random) {
        for (int i = 0; i < cutOff; i++) {
            crashed.beginToOpen(random.below(100_000_000));
            if (!power && random.oneIn(2)) {
                crashed.killInTurn();
            } else {
                end(crashed, power);
            }
        }
        TailBench bench = new TailBench(crashed);
        bench.open();
        long held = bench.ask(ReplicaShard::heldSeq);
        assertEquals(1, bench.ask(ReplicaShard::visibleSeq));
        crashed.powerCut();
        bench.open();
        assertEquals(held, bench.ask(ReplicaShard::heldSeq), "what a start found, the next one finds");
        bench.opened(held);
        for (long seq = 2; seq <= held; seq++) {
            assertEquals((byte) seq, bench.at(seq * LENGTH), "change " + seq);
        }
        return held;
    }

    private static void end(PoolBench bench, boolean power) {
        if (power) {
            bench.powerCut();
        } else {
            bench.kill();
        }
    }

    @Test
    void noProcessDeathDuringAStartLosesAnythingHeld() {
        TailBench bench = scene(1, 6, 9);
        bench.pool.kill();
        SimRandom random = new SimRandom(11);
        enumerate(bench.pool, pool -> {
            for (Crash crash : List.of(Crash.processDeath(0), Crash.processDeath(-1), Crash.processDeath(random))) {
                PoolBench crashed = pool.after(crash, random.nextLong());
                assertEquals(9, found(crashed, random.below(3), false, random), "at operation " + points);
            }
        });
        assertTrue(points > 20, points + " operations");
        assertEquals(9, bench.ask(ReplicaShard::heldSeq));
    }

    @Test
    void noPowerCutDuringAStartLosesAnythingLogged() {
        for (boolean lostBefore : new boolean[] {false, true}) {
            TailBench bench = scene(2, 6, 9);
            end(bench.pool, lostBefore);
            SimRandom random = new SimRandom(12);
            enumerate(bench.pool, pool -> {
                for (Crash crash : List.of(Crash.powerCut(0), Crash.powerCut(-1), Crash.powerCut(random))) {
                    PoolBench crashed = pool.after(crash, random.nextLong());
                    long held = found(crashed, random.below(3), true, random);
                    assertTrue(held == 6 || held == 9 && !lostBefore, held + " at operation " + points);
                }
            });
            assertTrue(points > 12, points + " operations");
        }
    }

    /**
     * The first start writes two records and no root; the next one has only what is in the first, writes that again,
     * and the second stands behind it as if it followed.
     */
    @Test
    void recordsOfAStartThatWasCutOffAreNeverTaken() {
        TailBench bench = scene(3, 64, 84);
        bench.pool.kill();
        SimRandom random = new SimRandom(13);
        enumerate(bench.pool, pool -> {
            PoolBench crashed = pool.after(Crash.powerCut(-1), random.nextLong());
            long held = found(crashed, 0, true, random);
            assertTrue(held == 64 || held == 84, held + " at operation " + points);
        });
    }

    @Test
    void takingAnOpenCounterTwiceIsNoticed() {
        Mutant.plant("store.reuse-open-counter");
        assertThrows(Throwable.class, this::recordsOfAStartThatWasCutOffAreNeverTaken);
    }

    @Test
    void aTailThatIsOnlyInMemoryIsNoticed() {
        Mutant.plant("store.tail-not-logged");
        assertThrows(Throwable.class, this::noPowerCutDuringAStartLosesAnythingLogged);
    }
}
