package dev.holdfast.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Listener;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real threads against each other: a lost wake-up or a task that runs twice shows as a wait that ends in a failure. */
final class HostLoopStressTest {
    private static final int ROUNDS = 30_000;

    private HostDriver driver;

    @BeforeEach
    void makeWorld() {
        driver = HostDriver.tcp();
    }

    @AfterEach
    void closeWorld() {
        driver.close();
    }

    @Test
    void noWakeUpIsLostBetweenLoopsThatOnlyHaveTasks() {
        pingPong(driver.world().newLoop("first"), driver.world().newLoop("second"));
    }

    @Test
    void noWakeUpIsLostBetweenLoopsThatHaveSockets() throws WorldException {
        Loop first = driver.world().newLoop("first");
        Loop second = driver.world().newLoop("second");
        try (Listener one = driver.world().network().listen(driver.newAddress(), first, connection -> new Idle());
                Listener two = driver.world().network().listen(driver.newAddress(), second, connection -> new Idle())) {
            pingPong(first, second);
            assertFalse(one.address().equals(two.address()));
        }
    }

    @Test
    void noWakeUpIsLostWhileALoopGetsAndLosesItsOnlySocket() throws WorldException {
        Loop first = driver.world().newLoop("first");
        Loop second = driver.world().newLoop("second");
        AtomicInteger opened = new AtomicInteger();
        AtomicLong done = new AtomicLong();
        bounce(first, second, done, ROUNDS);
        while (done.get() < ROUNDS) {
            driver.world()
                    .network()
                    .listen(driver.newAddress(), second, connection -> new Idle())
                    .close();
            opened.incrementAndGet();
        }
        driver.runUntil(() -> done.get() == ROUNDS);
        assertTrue(opened.get() > 0);
    }

    private void pingPong(Loop first, Loop second) {
        AtomicLong done = new AtomicLong();
        bounce(first, second, done, ROUNDS);
        driver.runUntil(() -> done.get() == ROUNDS);
    }

    private static void bounce(Loop here, Loop there, AtomicLong done, int times) {
        here.post(() -> {
            if (done.incrementAndGet() < times) {
                bounce(there, here, done, times);
            }
        });
    }

    @Test
    void everyTaskOfManyPostersRunsOnceAndInItsPostersOrder() throws InterruptedException {
        Loop loop = driver.world().newLoop("busy");
        int posters = 4;
        long[] last = new long[posters];
        AtomicLong ran = new AtomicLong();
        AtomicLong outOfOrder = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int poster = 0; poster < posters; poster++) {
            int self = poster;
            threads.add(Thread.ofPlatform().start(() -> {
                for (long number = 1; number <= ROUNDS; number++) {
                    long mine = number;
                    loop.post(() -> {
                        outOfOrder.addAndGet(last[self] + 1 == mine ? 0 : 1);
                        last[self] = mine;
                        ran.incrementAndGet();
                    });
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        driver.runUntil(() -> ran.get() == (long) posters * ROUNDS);
        assertEquals(0, outOfOrder.get());
    }

    @Test
    void aLoopThatOnlyWaitsForATimerIsWokenByATask() {
        Loop loop = driver.world().newLoop("waiting");
        AtomicInteger ran = new AtomicInteger();
        driver.runOn(loop, () -> loop.after(3_600_000_000_000L, ran::incrementAndGet));
        driver.runOn(loop, ran::incrementAndGet);
        assertEquals(1, ran.get());
    }

    @Test
    void aTaskThatThrowsEndsTheLoopAndIsToldWithItsLoop() {
        List<String> told = java.util.Collections.synchronizedList(new ArrayList<>());
        HostLoop loop = HostLoop.start("doomed", new HostClock(), (where, thrown) -> told.add(where + ": " + thrown));
        AtomicInteger later = new AtomicInteger();
        loop.post(() -> Checks.that(false, "pigs fly"));
        loop.post(later::incrementAndGet);
        driver.runUntil(() -> told.size() == 1);
        assertEquals(List.of("loop doomed: dev.holdfast.base.Violation: pigs fly"), told);
        assertEquals(0, later.get());
    }

    @Test
    void theLastWordsOfAProcessAreOneLineThatNamesThePlace() {
        Throwable thrown = new IllegalStateException("first\nline", new java.io.IOException("the cause"));
        String line = Fatal.describe("loop x", thrown);
        assertFalse(line.contains("\n"));
        assertTrue(line.contains("HostLoopStressTest.theLastWordsOfAProcessAreOneLineThatNamesThePlace"), line);
        assertTrue(line.contains("the cause"), line);
    }

    /** A receiver that wants nothing. */
    private static final class Idle implements Receiver {
        @Override
        public void received(ByteBuffer in) {
            in.position(in.limit());
        }

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {}
    }
}
