package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Timer;

/** One timer of a {@link SimLoop}. A cancelled one never runs, not even when it is queued already. */
final class SimTimer implements Timer, Runnable {
    private final SimLoop loop;
    private final Runnable task;
    private Event event = Event.NONE;
    private boolean over;

    SimTimer(SimLoop loop, Runnable task) {
        this.loop = loop;
        this.task = task;
    }

    void waitsFor(Event due) {
        event = due;
    }

    @Override
    public void cancel() {
        Checks.that(loop.isCurrent(), "a timer is cancelled on its loop");
        over = true;
        event.cancel();
    }

    @Override
    public void run() {
        if (!over) {
            over = true;
            task.run();
        }
    }
}
