package dev.holdfast.cluster.control;

import java.util.function.Consumer;

/** Carries out what the control plane has decided. Called, and answering, on the controller's loop. */
public interface Execution {
    /** Does the change; {@code ended} is told once why it failed, or the empty text. Doing it again does no harm. */
    void carryOut(Change change, Consumer<String> ended);

    /**
     * Ends a change that a process before this one began: completes it, or makes sure it has no effect. The same
     * answer.
     */
    void recover(Change change, Consumer<String> ended);

    /** The state changed. */
    void changed();
}
