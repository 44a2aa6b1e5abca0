package dev.holdfast.host;

import dev.holdfast.base.Checks;
import java.util.ArrayDeque;

/**
 * A few threads that run jobs which may block, oldest first. It is for system calls and pure computations that must not
 * hold up a loop; results go back to loops by {@code post}. Threads start when they are first needed.
 */
final class Crew {
    private final String name;
    private final int threads;
    private final Fatal fatal;
    private final ArrayDeque<Runnable> jobs = new ArrayDeque<>();
    private int started;
    private int idle;
    private boolean closed;

    Crew(String name, int threads, Fatal fatal) {
        Checks.that(threads > 0, "a crew has a thread", threads);
        this.name = name;
        this.threads = threads;
        this.fatal = fatal;
    }

    /** Runs {@code job} on one of the threads; dropped after {@link #close}. */
    synchronized void run(Runnable job) {
        if (closed) {
            return;
        }
        jobs.add(job);
        if (jobs.size() <= idle) {
            notify();
        } else if (started < threads) {
            Thread.ofPlatform().name(name + "-" + started++).daemon(true).start(this::work);
        }
    }

    /** Ends the threads once all jobs given so far have run. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    private void work() {
        try {
            for (Runnable job = take(); job != END; job = take()) {
                job.run();
            }
        } catch (Throwable thrown) {
            fatal.ended("thread " + Thread.currentThread().getName(), thrown);
        }
    }

    private synchronized Runnable take() throws InterruptedException {
        while (jobs.isEmpty()) {
            if (closed) {
                return END;
            }
            idle++;
            wait();
            idle--;
        }
        return jobs.remove();
    }

    private static final Runnable END = () -> {};
}
