package dev.holdfast.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@link Loop}, {@link Timer}, {@link Clock} and {@link Workers} promise; every world has a subclass. */
public abstract class LoopContract {
    private static final long MILLI = 1_000_000L;

    private WorldDriver driver;
    private Loop loop;

    /** A fresh world. */
    protected abstract WorldDriver newDriver();

    @BeforeEach
    void makeWorld() {
        driver = newDriver();
        loop = driver.world().newLoop("loop-under-test");
    }

    @AfterEach
    void closeWorld() {
        driver.close();
    }

    @Test
    void aLoopKnowsItsNameAndItself() {
        Loop other = driver.world().newLoop("other");
        AtomicInteger right = new AtomicInteger();
        driver.runOn(loop, () -> right.addAndGet(loop.isCurrent() && !other.isCurrent() ? 1 : 0));
        driver.runOn(other, () -> right.addAndGet(other.isCurrent() && !loop.isCurrent() ? 1 : 0));
        assertEquals(2, right.get());
        assertEquals("loop-under-test", loop.name());
        assertFalse(loop.isCurrent());
    }

    @Test
    void tasksOfOnePosterRunInOrder() {
        List<Integer> ran = new CopyOnWriteArrayList<>();
        List<Integer> posted = IntStream.range(0, 1000).boxed().toList();
        posted.forEach(number -> loop.post(() -> ran.add(number)));
        driver.runUntil(() -> ran.size() == posted.size());
        assertEquals(posted, ran);
    }

    @Test
    void tasksOfOneLoopRunInOrderOnAnother() {
        Loop poster = driver.world().newLoop("poster");
        List<Integer> ran = new CopyOnWriteArrayList<>();
        poster.post(() -> IntStream.range(0, 300).forEach(number -> loop.post(() -> ran.add(number))));
        driver.runUntil(() -> ran.size() == 300);
        assertEquals(IntStream.range(0, 300).boxed().toList(), ran);
    }

    @Test
    void aTaskPostedByATaskRunsInALaterTurn() {
        List<String> order = new CopyOnWriteArrayList<>();
        driver.runOn(loop, () -> {
            loop.atEndOfTurn(() -> order.add("end of first turn"));
            loop.post(() -> {
                order.add("second turn");
                loop.atEndOfTurn(() -> order.add("end of second turn"));
            });
            order.add("first turn");
        });
        driver.runUntil(() -> order.size() == 4);
        assertEquals(List.of("first turn", "end of first turn", "second turn", "end of second turn"), order);
    }

    @Test
    void tasksGivenAtTheEndOfATurnRunInItToo() {
        List<String> order = new CopyOnWriteArrayList<>();
        driver.runOn(loop, () -> {
            loop.post(() -> order.add("next turn"));
            loop.atEndOfTurn(() -> {
                order.add("end");
                loop.atEndOfTurn(() -> order.add("end of the end"));
            });
        });
        driver.runUntil(() -> order.size() == 3);
        assertEquals(List.of("end", "end of the end", "next turn"), order);
    }

    @Test
    void noTaskRunsInsideTheCallThatGivesIt() {
        AtomicBoolean inside = new AtomicBoolean();
        AtomicInteger early = new AtomicInteger();
        AtomicInteger ran = new AtomicInteger();
        Runnable given = () -> {
            early.addAndGet(inside.get() ? 1 : 0);
            ran.incrementAndGet();
        };
        loop.post(() -> {
            inside.set(true);
            loop.post(given);
            loop.atEndOfTurn(given);
            loop.after(0, given);
            loop.after(-5, given);
            inside.set(false);
        });
        driver.runUntil(() -> ran.get() == 4);
        assertEquals(0, early.get());
    }

    @Test
    void timersAreNeverEarlyAndRunByDeadline() {
        List<Integer> order = new CopyOnWriteArrayList<>();
        AtomicInteger early = new AtomicInteger();
        Clock clock = driver.world().clock();
        loop.post(() -> {
            long start = clock.nanos();
            for (int millis : new int[] {9, 3, 27, 1, 15}) {
                loop.after(millis * MILLI, () -> {
                    early.addAndGet(clock.nanos() - start < millis * MILLI ? 1 : 0);
                    order.add(millis);
                });
            }
        });
        driver.runUntil(() -> order.size() == 5);
        assertEquals(List.of(1, 3, 9, 15, 27), order);
        assertEquals(0, early.get());
    }

    @Test
    void aCancelledTimerDoesNotRunAndCancellingTwiceOrTooLateIsNoError() {
        AtomicInteger cancelled = new AtomicInteger();
        AtomicInteger kept = new AtomicInteger();
        List<Timer> timers = new ArrayList<>();
        driver.runOn(loop, () -> {
            for (int i = 0; i < 100; i++) {
                boolean keep = i % 3 == 0;
                timers.add(loop.after((i * 37 % 100) * MILLI / 10, (keep ? kept : cancelled)::incrementAndGet));
            }
            for (int i = 0; i < 100; i++) {
                if (i % 3 != 0) {
                    timers.get(i).cancel();
                    timers.get(i).cancel();
                }
            }
        });
        driver.runUntil(() -> kept.get() == 34);
        driver.runOn(loop, () -> timers.forEach(Timer::cancel));
        driver.passTime(loop, 20 * MILLI);
        assertEquals(0, cancelled.get());
        assertEquals(34, kept.get());
    }

    @Test
    void aTimerMayCancelAnotherThatIsDueAtTheSameTime() {
        AtomicInteger ran = new AtomicInteger();
        driver.runOn(loop, () -> {
            Timer[] second = new Timer[1];
            loop.after(MILLI, () -> {
                ran.incrementAndGet();
                second[0].cancel();
            });
            second[0] = loop.after(MILLI, () -> ran.addAndGet(100));
        });
        driver.passTime(loop, 5 * MILLI);
        assertEquals(1, ran.get());
    }

    @Test
    void theClockNeverGoesBack() {
        Clock clock = driver.world().clock();
        AtomicInteger backwards = new AtomicInteger();
        AtomicInteger turns = new AtomicInteger();
        AtomicLong last = new AtomicLong(clock.nanos());
        Runnable look = () -> {
            long now = clock.nanos();
            backwards.addAndGet(now < last.getAndSet(now) ? 1 : 0);
            turns.incrementAndGet();
        };
        for (int i = 0; i < 200; i++) {
            loop.post(look);
        }
        driver.runUntil(() -> turns.get() == 200);
        assertEquals(0, backwards.get());
    }

    @Test
    void workRunsOnceAndItsResultComesToTheLoopThatIsNamed() {
        Loop other = driver.world().newLoop("other");
        AtomicInteger wrongLoop = new AtomicInteger();
        AtomicInteger results = new AtomicInteger();
        long[] squares = new long[64];
        for (int i = 0; i < squares.length; i++) {
            int number = i;
            Loop told = i % 2 == 0 ? loop : other;
            driver.world().workers().run(() -> squares[number] = (long) number * number, told, () -> {
                wrongLoop.addAndGet(told.isCurrent() ? 0 : 1);
                results.addAndGet(squares[number] == (long) number * number ? 1 : 1000);
            });
        }
        driver.runUntil(() -> results.get() >= squares.length);
        assertEquals(squares.length, results.get());
        assertEquals(0, wrongLoop.get());
    }

    @Test
    void randomNumbersDiffer() {
        Entropy entropy = driver.world().entropy();
        assertTrue(IntStream.range(0, 100)
                        .mapToLong(i -> entropy.nextLong())
                        .distinct()
                        .count()
                == 100);
    }
}
