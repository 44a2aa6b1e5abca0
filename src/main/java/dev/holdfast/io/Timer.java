package dev.holdfast.io;

/** A task that a loop will run later, unless it is cancelled first. */
public interface Timer {
    /** Makes sure the task does not run; no effect when it has run already. Only on the timer's loop. */
    void cancel();
}
