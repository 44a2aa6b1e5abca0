package dev.holdfast.io;

/**
 * One thread's worth of turns: whatever belongs to a loop is touched only by tasks that run on it. It is not a
 * thread pool: a task that blocks or computes for long delays everything else on the loop.
 *
 * <p>Promises: tasks run one at a time; what one loop (or one outside thread) posts to another runs in the order it
 * was posted, nothing is promised between different posters; what the poster wrote before {@link #post} is visible
 * to the task. A task that throws ends the process (a broken invariant must not go on serving).
 */
public interface Loop {
    /** A short name for people: {@code shard-0}, {@code pool-main}. */
    String name();

    /** True when the caller runs on this loop. */
    boolean isCurrent();

    /** Runs {@code task} on this loop in a later turn. May be called from anywhere. */
    void post(Runnable task);

    /**
     * Runs {@code task} once at the end of the present turn, after every event the turn took in: where work that
     * piled up in a turn is sent on as one batch. Only on this loop. Tasks given at the end of a turn run in it too.
     */
    void atEndOfTurn(Runnable task);

    /** Runs {@code task} on this loop no earlier than {@code delayNanos} from now, maybe late. Only on this loop. */
    Timer after(long delayNanos, Runnable task);
}
