package dev.holdfast.store;

import dev.holdfast.array.Mirror;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;

/**
 * Lets time pass for the devices of a pool: one of several that does not answer a change for half a minute is left
 * behind; of the last one people are told, and it is waited for. On the committer's loop.
 */
final class DeviceWatch {
    private static final long EVERY_NANOS = 5_000_000_000L;
    private static final int MOST_TICKS = 6;

    private final Mirror array;
    private final Committer committer;
    private final PoolEvents events;
    private String silence = "";

    DeviceWatch(Mirror array, Committer committer, PoolEvents events) {
        this.array = array;
        this.committer = committer;
        this.events = events;
    }

    /** Looks from now on, until the committer's work is over. */
    void start() {
        Checks.that(committer.loop().isCurrent(), "on the committer's loop");
        committer.loop().after(EVERY_NANOS, this::look);
    }

    private void look() {
        if (committer.isOver()) {
            return;
        }
        long silent = Mutant.on("store.watch-no-device") ? 0 : array.tick(MOST_TICKS);
        events.withdraw(silence);
        if (silent != 0) {
            silence = "the device at place " + Long.numberOfTrailingZeros(silent)
                    + " has not answered for half a minute: what is written waits for it";
            events.note(silence);
        }
        start();
    }
}
