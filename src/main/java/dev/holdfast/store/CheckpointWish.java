package dev.holdfast.store;

import dev.holdfast.base.Checks;
import java.util.ArrayList;
import java.util.List;

/** Who waits for a consistency point that begins from now on. It starts none. */
final class CheckpointWish {
    private boolean wanted;
    private String why = "";
    private List<Runnable> waiters = new ArrayList<>();

    void want(String reason) {
        Checks.that(!reason.isEmpty(), "a consistency point has a reason");
        if (!wanted) {
            why = reason;
        }
        wanted = true;
    }

    /** {@code task} runs when a consistency point that began after this call is installed. */
    void wantAndThen(String reason, Runnable task) {
        want(reason);
        waiters.add(task);
    }

    boolean isWanted() {
        return wanted;
    }

    String why() {
        return why;
    }

    /** A consistency point begins: those who waited so far are its. */
    List<Runnable> take() {
        List<Runnable> taken = waiters;
        waiters = new ArrayList<>();
        wanted = false;
        return taken;
    }
}
