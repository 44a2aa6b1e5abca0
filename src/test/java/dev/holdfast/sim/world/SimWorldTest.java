package dev.holdfast.sim.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Timer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SimWorldTest {
    @Test
    void theSameSeedGivesTheSameHashTwiceAndDifferentSeedsDiffer() {
        Set<Long> hashes = new HashSet<>();
        for (long seed = 0; seed < 50; seed++) {
            long hash = pingPong(seed).log().hash();
            assertEquals(hash, pingPong(seed).log().hash(), "seed " + seed);
            hashes.add(hash);
        }
        assertEquals(50, hashes.size());
    }

    private static SimWorld pingPong(long seed) {
        SimWorld world = new SimWorld(seed);
        SimLoop one = world.newLoop("one");
        SimLoop two = world.newLoop("two");
        int[] hits = new int[1];
        one.post(() -> bounce(one, two, hits));
        two.post(() -> bounce(two, one, hits));
        world.runUntil(() -> hits[0] >= 100);
        return world;
    }

    private static void bounce(SimLoop here, SimLoop there, int[] hits) {
        hits[0]++;
        there.post(() -> bounce(there, here, hits));
    }

    @Test
    void whatOnePosterPostsStaysInOrder() {
        for (long seed = 0; seed < 200; seed++) {
            SimWorld world = new SimWorld(seed);
            SimLoop from = world.newLoop("from");
            SimLoop other = world.newLoop("other");
            SimLoop into = world.newLoop("into");
            List<Integer> seen = new ArrayList<>();
            from.post(() -> postNumbers(into, seen, 0));
            other.post(() -> postNumbers(into, seen, 100));
            world.runUntil(() -> seen.size() == 40);
            assertEquals(ascending(0), seen.stream().filter(n -> n < 100).toList(), "seed " + seed);
            assertEquals(ascending(100), seen.stream().filter(n -> n >= 100).toList(), "seed " + seed);
        }
    }

    private static void postNumbers(SimLoop into, List<Integer> seen, int first) {
        ascending(first).forEach(number -> into.post(() -> seen.add(number)));
    }

    private static List<Integer> ascending(int first) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            numbers.add(first + i);
        }
        return numbers;
    }

    @Test
    void seedsInterleaveDifferentPostersDifferently() {
        Set<List<Integer>> orders = new HashSet<>();
        for (long seed = 0; seed < 100; seed++) {
            SimWorld world = new SimWorld(seed);
            SimLoop into = world.newLoop("into");
            List<Integer> seen = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int number = i;
                world.newLoop("from-" + i).post(() -> into.post(() -> seen.add(number)));
            }
            world.runUntil(() -> seen.size() == 3);
            orders.add(seen);
        }
        assertEquals(6, orders.size());
    }

    @Test
    void timersAreNeverEarlyAndCancelledOnesNeverRun() {
        for (long seed = 0; seed < 100; seed++) {
            SimWorld world = new SimWorld(seed);
            world.machine().clock().drift(seed % 3 == 0 ? -9_999 : 5_000);
            SimLoop loop = world.newLoop("loop");
            List<Long> passed = new ArrayList<>();
            world.run(loop, () -> {
                long startNanos = world.clock().nanos();
                loop.after(7_654_321, () -> passed.add(world.clock().nanos() - startNanos));
                Timer cancelled = loop.after(5_000_000, () -> passed.add(-1L));
                loop.after(4_999_999, cancelled::cancel);
            });
            world.runFor(1_000_000_000);
            assertTrue(passed.size() <= 2 && passed.getLast() >= 7_654_321, "seed " + seed + ": " + passed);
        }
    }

    @Test
    void tasksAtTheEndOfATurnRunAfterEveryTaskOfIt() {
        SimWorld world = new SimWorld(3);
        SimLoop loop = world.newLoop("loop");
        List<String> seen = new ArrayList<>();
        world.run(loop, () -> {
            loop.atEndOfTurn(() -> {
                seen.add("end");
                loop.atEndOfTurn(() -> seen.add("end of end"));
            });
            seen.add("task");
            assertTrue(loop.isCurrent());
        });
        assertEquals(List.of("task", "end", "end of end"), seen);
        assertFalse(loop.isCurrent());
    }

    @Test
    void nothingOfADeadProcessRuns() {
        SimWorld world = new SimWorld(4);
        SimLoop loop = world.newLoop("loop");
        List<String> seen = new ArrayList<>();
        world.run(loop, () -> loop.after(1_000, () -> seen.add("timer")));
        loop.post(() -> seen.add("task"));
        world.workers().run(() -> {}, loop, () -> seen.add("worker"));
        world.machine().kill();
        world.machine().start();
        world.runFor(1_000_000_000);
        assertEquals(List.of(), seen);
        assertEquals(9, world.call(world.newLoop("next"), () -> 9));
    }

    @Test
    void aTaskThatThrowsEndsTheWorldWithSeedAndTrace() {
        SimWorld world = new SimWorld(77);
        SimLoop loop = world.newLoop("shard-0");
        loop.post(() -> Checks.that(false, "the sky is up"));
        SimFailure failure = assertThrows(SimFailure.class, () -> world.runFor(1_000_000));
        assertTrue(failure.getMessage().contains("the sky is up"), failure.getMessage());
        assertTrue(failure.getMessage().contains("seed 77"), failure.getMessage());
        assertTrue(failure.getMessage().contains("a/shard-0"), failure.getMessage());
    }

    @Test
    void waitingForWhatNeverHappensFails() {
        SimWorld world = new SimWorld(5);
        assertThrows(SimFailure.class, () -> world.runUntil(() -> false));
        SimLoop loop = world.newLoop("loop");
        loop.post(() -> again(loop));
        assertThrows(SimFailure.class, () -> world.runUntil(() -> false, 1_000_000_000));
    }

    private static void again(SimLoop loop) {
        loop.after(1_000_000, () -> again(loop));
    }

    @Test
    void wallTimeJumpsAndNanosecondsNeverGoBack() {
        SimWorld world = new SimWorld(6);
        SimClock clock = world.machine().clock();
        long lastNanos = clock.nanos();
        for (int i = 0; i < 1000; i++) {
            clock.drift(world.random().between(-10_000, 10_000));
            clock.jumpWall(world.random().between(-1_000_000, 1_000_000));
            world.runFor(world.random().below(3_000_000L));
            assertTrue(clock.nanos() >= lastNanos, "step " + i);
            lastNanos = clock.nanos();
        }
        long beforeMillis = clock.wallMillis();
        clock.jumpWall(-5000);
        assertNotEquals(beforeMillis, clock.wallMillis());
    }
}
