package dev.holdfast.cluster.control;

import java.util.function.Consumer;

/** Carries out what the control plane has decided. Called, and answering, on the controller's loop. */
public interface Execution {
    /**
     * Does this node's part of the change; {@code ended} is told once why it failed, or the empty text. Doing it again
     * does no harm.
     */
    void carryOut(Change change, Consumer<String> ended);

    /**
     * Ends a part that a process of this node before this one may have begun: completes it, or makes sure it has no
     * effect. The same answer.
     */
    void recover(Change change, Consumer<String> ended);

    /** The state changed. */
    void changed();

    /** A later process of this node has started: this one carries nothing out any more. */
    void over();
}
