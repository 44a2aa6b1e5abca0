package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import java.util.Arrays;

/**
 * Waits for a number of disk operations, each with its number as token, then goes on. For opening and formatting; the
 * mirror's own operations are pooled ({@link MirrorOperation}).
 */
final class Gather implements DiskDone {
    private final DiskOutcome[] outcomes;
    private final Next next;
    private int pending;

    /** What follows. */
    @FunctionalInterface
    interface Next {
        /** Operation {@code i} ended with {@code outcomes[i]}. */
        void run(DiskOutcome[] outcomes);
    }

    /** Goes on with {@code next} once {@code count} operations, tokens 0 to {@code count - 1}, have ended. */
    Gather(int count, Next next) {
        Checks.that(count > 0, "something to wait for", count);
        this.outcomes = new DiskOutcome[count];
        this.next = next;
        this.pending = count;
        Arrays.fill(outcomes, DiskOutcome.OK);
    }

    @Override
    public void done(long token, DiskOutcome outcome) {
        Checks.that(pending > 0, "each operation ends once", token);
        outcomes[(int) token] = outcome;
        if (--pending == 0) {
            next.run(outcomes);
        }
    }

    /** The outcome in words. */
    static String words(DiskOutcome outcome) {
        return switch (outcome) {
            case OK -> "done";
            case MEDIA_ERROR -> "input/output error";
            case FULL -> "no space on its file system";
            case GONE -> "does not answer";
        };
    }
}
