package dev.holdfast.store.log;

import dev.holdfast.io.Loop;
import dev.holdfast.io.Timer;
import java.util.ArrayDeque;

/** A loop whose turns the test runs itself. Time passes at once: what is to come later comes next. */
public final class TestLoop implements Loop {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

    @Override
    public String name() {
        return "test";
    }

    @Override
    public boolean isCurrent() {
        return true;
    }

    @Override
    public void post(Runnable task) {
        tasks.add(task);
    }

    @Override
    public void atEndOfTurn(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer after(long delayNanos, Runnable task) {
        tasks.add(task);
        return () -> tasks.remove(task);
    }

    /** Runs until nothing is left to do. */
    public void run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }
}
