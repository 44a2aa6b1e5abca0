package dev.holdfast.host;

import java.util.Arrays;

/**
 * Tasks on their way to one loop, from any thread. It is no blocking queue: it only knows whether the loop sleeps, so
 * that a poster makes the system call that wakes it no more often than it goes to sleep.
 *
 * <p>No wake-up is lost: {@link #sleepIfEmpty} and {@link #add} exclude each other, so either the loop sees the task
 * and stays awake, or the poster sees the sleeping loop and is told to wake it.
 */
final class TaskQueue {
    private static final int INITIAL_TASKS = 256;

    private Runnable[] waiting = new Runnable[INITIAL_TASKS];
    private int waitingCount;
    private boolean sleeping;

    /** Owned by the loop: the tasks of its present turn. */
    private Runnable[] batch = new Runnable[INITIAL_TASKS];

    private int batchCount;

    /** Adds a task; true if the caller must wake the loop now. */
    synchronized boolean add(Runnable task) {
        if (waitingCount == waiting.length) {
            waiting = Arrays.copyOf(waiting, waitingCount * 2);
        }
        waiting[waitingCount++] = task;
        boolean wake = sleeping;
        sleeping = false;
        return wake;
    }

    /** Before the loop sleeps: false if there is something to do. */
    synchronized boolean sleepIfEmpty() {
        sleeping = waitingCount == 0;
        return sleeping;
    }

    /** Takes what has come as the present turn's batch. Only the loop, after the former batch ran. */
    synchronized void take() {
        sleeping = false;
        Runnable[] empty = batch;
        batch = waiting;
        batchCount = waitingCount;
        waiting = empty;
        waitingCount = 0;
    }

    /** Runs the batch in order. Only the loop. */
    void runBatch() {
        for (int i = 0; i < batchCount; i++) {
            Runnable task = batch[i];
            batch[i] = DONE;
            task.run();
        }
        batchCount = 0;
    }

    private static final Runnable DONE = () -> {};
}
