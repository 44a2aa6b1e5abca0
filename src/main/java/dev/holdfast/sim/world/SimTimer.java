package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Timer;

/** One timer of a {@link SimLoop}. A cancelled one never runs, not even when it is due already. */
final class SimTimer implements Timer, Comparable<SimTimer> {
    private static final Runnable NOTHING = () -> {};

    private final SimLoop loop;
    private final long dueNanos;
    private final long number;
    private Runnable task;
    private Event wake = Event.NONE;

    SimTimer(SimLoop loop, long dueNanos, long number, Runnable task) {
        this.loop = loop;
        this.dueNanos = dueNanos;
        this.number = number;
        this.task = task;
    }

    void wakesBy(Event event) {
        wake = event;
    }

    long dueNanos() {
        return dueNanos;
    }

    /** Its number among the timers of its loop. */
    long number() {
        return number;
    }

    void run() {
        Runnable once = task;
        task = NOTHING;
        once.run();
    }

    @Override
    public void cancel() {
        Checks.that(loop.isCurrent(), "a timer is cancelled on its loop");
        task = NOTHING;
        wake.cancel();
        loop.forget(this);
    }

    @Override
    public int compareTo(SimTimer other) {
        return dueNanos == other.dueNanos ? Long.compare(number, other.number) : Long.compare(dueNanos, other.dueNanos);
    }
}
