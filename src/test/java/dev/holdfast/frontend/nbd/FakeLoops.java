package dev.holdfast.frontend.nbd;

import dev.holdfast.io.Loop;
import dev.holdfast.io.Timer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Loops that run when told to, in one thread and in a fixed order, with time that moves only when told to. */
final class FakeLoops {
    private final List<FakeLoop> loops = new ArrayList<>();
    private long nowNanos;

    FakeLoop loop(String name) {
        FakeLoop loop = new FakeLoop(name);
        loops.add(loop);
        return loop;
    }

    /** Runs everything there is to run, on every loop, without moving time. */
    void run() {
        boolean ran = true;
        while (ran) {
            ran = false;
            for (FakeLoop loop : loops) {
                ran |= loop.turn();
            }
        }
    }

    void advance(long nanos) {
        nowNanos += nanos;
        for (FakeLoop loop : loops) {
            loop.fireTimers();
        }
        run();
    }

    /** One loop; a turn is everything that was posted before it began. */
    final class FakeLoop implements Loop {
        private final String name;
        private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
        private final ArrayDeque<Runnable> endOfTurn = new ArrayDeque<>();
        private final List<FakeTimer> timers = new ArrayList<>();
        private boolean current;

        private FakeLoop(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public boolean isCurrent() {
            return current;
        }

        @Override
        public void post(Runnable task) {
            tasks.add(task);
        }

        @Override
        public void atEndOfTurn(Runnable task) {
            if (!current) {
                throw new AssertionError("atEndOfTurn from outside of " + name);
            }
            endOfTurn.add(task);
        }

        @Override
        public Timer after(long delayNanos, Runnable task) {
            FakeTimer timer = new FakeTimer(nowNanos + delayNanos, task);
            timers.add(timer);
            return timer;
        }

        private boolean turn() {
            int count = tasks.size();
            current = true;
            for (int i = 0; i < count; i++) {
                tasks.poll().run();
            }
            while (!endOfTurn.isEmpty()) {
                endOfTurn.poll().run();
            }
            current = false;
            return count > 0;
        }

        private void fireTimers() {
            timers.removeIf(timer -> timer.cancelled);
            List<FakeTimer> due = new ArrayList<>(timers);
            due.removeIf(timer -> timer.dueNanos > nowNanos);
            due.sort(Comparator.comparingLong(timer -> timer.dueNanos));
            timers.removeAll(due);
            due.forEach(timer -> post(timer::fire));
        }
    }

    private static final class FakeTimer implements Timer {
        private final long dueNanos;
        private final Runnable task;
        private boolean cancelled;

        FakeTimer(long dueNanos, Runnable task) {
            this.dueNanos = dueNanos;
            this.task = task;
        }

        void fire() {
            if (!cancelled) {
                task.run();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }
}
