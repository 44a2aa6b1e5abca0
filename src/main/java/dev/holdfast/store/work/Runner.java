package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import java.util.ArrayDeque;

/**
 * Runs works one after another, a slice per turn. What a work adds in its last slice comes right after it, before
 * what
 * was there already. It knows nothing of what the works do.
 */
public final class Runner {
    private final Loop loop;
    private final ArrayDeque<Work> works = new ArrayDeque<>();
    private final ArrayDeque<Work> added = new ArrayDeque<>();
    private boolean inSlice;
    private boolean scheduled;
    private boolean stopped;

    public Runner(Loop loop) {
        this.loop = loop;
    }

    /** From outside: behind all others. From a work's last slice: right behind that work. */
    public void add(Work work) {
        if (inSlice) {
            added.addLast(work);
        } else {
            works.addLast(work);
            schedule();
        }
    }

    /** The same for a step that needs no slicing. */
    public void then(Runnable step) {
        add(runner -> {
            step.run();
            return Work.Progress.DONE;
        });
    }

    /** The wait of the present work is over. */
    public void resume() {
        schedule();
    }

    /** Drops everything; nothing runs any more. */
    public void stop() {
        Checks.that(!stopped || works.isEmpty(), "stopped means empty");
        stopped = true;
        works.clear();
    }

    private void schedule() {
        if (!scheduled && !stopped) {
            scheduled = true;
            loop.post(this::run);
        }
    }

    private void run() {
        scheduled = false;
        Work work = works.peekFirst();
        if (work == null || stopped) {
            return;
        }
        inSlice = true;
        Work.Progress progress = work.slice(this);
        inSlice = false;
        Checks.that(progress == Work.Progress.DONE || added.isEmpty(), "a work adds others in its last slice");
        if (progress == Work.Progress.DONE && !stopped) {
            works.removeFirst();
            while (!added.isEmpty()) {
                works.addFirst(added.removeLast());
            }
        }
        if (progress != Work.Progress.WAITING && !works.isEmpty()) {
            schedule();
        }
    }
}
