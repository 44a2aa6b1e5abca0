package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.store.lane.EpochStart;
import dev.holdfast.store.lane.ReplicaShard;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A mirrored volume beside one alone, walked at random: changes are held, opened, logged, stable, taken back, covered
 * by roots; processes die, the power goes, also while the pool opens. Beside it stands a list of changes.
 */
final class TailModelTest {
    private static final int BYTES = 64 * 4096;

    /** Change seq = place in the list + 1; the first is the creation. */
    private record Change(int epoch, long offset, int length, int value) {}

    private final List<Change> model = new ArrayList<>();
    private SimRandom random;
    private TailBench bench;
    private String when = "";
    private int epoch = 1;
    private long visible = 1;
    private long logged = 1;
    private long stable = 1;
    private long rooted = 1;
    private long tails;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyStartHasTheListUpToWhatTheCrashLeft(long seed) {
        random = new SimRandom(seed);
        bench = TailBench.make(seed + 100);
        model.add(new Change(1, 0, 0, 0));
        for (int step = 0; step < 400; step++) {
            when = "seed " + seed + ", step " + step;
            step();
        }
        assertTrue(tails > 20, when + ": " + tails + " changes were in a tail");
    }

    @ParameterizedTest
    @ValueSource(strings = {"lane.root-covers-unstable", "log.forget-rewind", "store.tail-not-logged"})
    void itNotices(String mutant) {
        Mutant.plant(mutant);
        assertThrows(Throwable.class, () -> {
            for (long seed = 1; seed <= 8; seed++) {
                new TailModelTest().everyStartHasTheListUpToWhatTheCrashLeft(seed);
            }
        });
    }

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    private void step() {
        switch (random.below(20)) {
            case 0 -> crash(false);
            case 1 -> crash(true);
            case 2, 3 -> {
                visible += random.below(model.size() - visible + 1);
                bench.opened(visible);
            }
            case 4 -> log(logged + random.below(model.size() - logged + 1));
            case 5 -> beStable();
            case 6 -> bench.root();
            case 7 -> rewind();
            case 8 -> assertContents();
            case 9 -> {
                assertEquals(Status.OK, bench.pool.write(bench.pool.volume(1), 0, 4096, 1), when);
                assertEquals(Status.OK, bench.pool.run(bench.pool.volume(1), Request.Kind.FLUSH, 0, 0), when);
            }
            default -> hold();
        }
    }

    private void hold() {
        epoch += random.oneIn(12) && epoch < 25 ? 1 : 0;
        int length = 1 + random.below(random.oneIn(3) ? 20_000 : 4096);
        Change change = new Change(epoch, random.below(BYTES - length), length, 1 + random.below(100));
        if (bench.hold(epoch, model.size() + 1, change.offset, length, change.value)) {
            model.add(change);
        } else {
            visible = model.size();
            bench.opened(visible);
            beStable();
            bench.root();
        }
    }

    private void log(long seq) {
        bench.log(seq);
        logged = Math.max(logged, seq);
        assertTrue(bench.ask(ReplicaShard::loggedSeq) >= logged, when);
    }

    private void beStable() {
        log(visible);
        stable += random.below(Math.max(0, visible - stable) + 1);
        bench.stable(stable);
    }

    /** A rewind that is not logged may be forgotten; the list does not know that, so it is. */
    private void rewind() {
        long toSeq = stable + random.below(model.size() - stable + 1);
        assertTrue(bench.rewind(toSeq), when);
        boolean hides = toSeq < visible;
        visible = bench.ask(ReplicaShard::visibleSeq);
        assertTrue(hides ? visible <= toSeq && visible >= rooted : visible <= toSeq, when);
        model.subList((int) toSeq, model.size()).clear();
        epoch = model.getLast().epoch;
        logged = Math.min(logged, toSeq);
        log(toSeq);
    }

    private void crash(boolean power) {
        end(power);
        for (int i = random.below(3); i > 0; i--) {
            bench.pool.lanes = 1 + random.below(3);
            bench.pool.beginToOpen(random.below(100_000_000));
            end(power);
        }
        bench.pool.lanes = 1 + random.below(3);
        if (random.oneIn(4)) {
            assertEquals(List.of(), bench.pool.check(), when);
        }
        bench.open();
        long held = bench.ask(ReplicaShard::heldSeq);
        assertTrue(power ? held >= logged && held <= model.size() : held == model.size(), when + ": " + held);
        model.subList((int) held, model.size()).clear();
        rooted = Math.max(rooted, bench.ask(ReplicaShard::rootedSeq));
        assertEquals(rooted, bench.ask(ReplicaShard::rootedSeq), when + ": roots do not go back");
        assertTrue(rooted <= stable, when + ": " + rooted + " is in a root, stable is " + stable);
        assertEquals(rooted, bench.ask(ReplicaShard::visibleSeq), when);
        assertEquals(held, bench.ask(ReplicaShard::loggedSeq), when);
        assertEquals(history(), bench.ask(ReplicaShard::history), when);
        tails += held - rooted;
        visible = rooted;
        stable = rooted;
        logged = held;
        epoch = model.getLast().epoch;
        assertContents();
    }

    private void end(boolean power) {
        if (power) {
            bench.pool.powerCut();
        } else if (random.oneIn(2)) {
            bench.pool.killInTurn();
        } else {
            bench.pool.kill();
        }
    }

    private List<EpochStart> history() {
        List<EpochStart> history = new ArrayList<>();
        for (int i = 0; i < model.size(); i++) {
            if (history.isEmpty() || history.getLast().epoch() < model.get(i).epoch) {
                history.add(new EpochStart(model.get(i).epoch, i + 1));
            }
        }
        return history;
    }

    private void assertContents() {
        byte[] expected = new byte[BYTES];
        for (Change change : model.subList(0, (int) visible)) {
            int from = (int) change.offset;
            Arrays.fill(expected, from, from + change.length, (byte) change.value);
        }
        assertArrayEquals(
                expected, bench.pool.read(bench.pool.volume(2), 0, BYTES).orElseThrow(), when);
    }
}
