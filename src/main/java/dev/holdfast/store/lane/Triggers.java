package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Timer;
import org.jspecify.annotations.Nullable;

/** Asks for consistency points when a lane's changes are old or many. It says nothing twice between two freezes. */
final class Triggers {
    /** Share of the memory log that may wait for a freeze. */
    private static final double FULL = 0.4;

    private static final long RETRY_NANOS = 1_000_000_000L;

    private final Loop loop;
    private final CommitterPort committer;
    private final long oldestNanos;
    private @Nullable Timer age;
    private boolean asked;
    private double frozenFraction;
    private boolean isStuck;
    private boolean willRetry;

    Triggers(Loop loop, CommitterPort committer, long oldestNanos) {
        this.loop = loop;
        this.committer = committer;
        this.oldestNanos = oldestNanos;
    }

    /** Something changed; {@code usedFraction} is how full the memory log is. */
    void changed(double usedFraction) {
        Checks.that(usedFraction >= 0 && usedFraction <= 1, "a share is between none and all");
        if (age == null) {
            age = loop.after(oldestNanos, () -> ask("age"));
        }
        if (usedFraction - frozenFraction > FULL) {
            ask("memory log");
        }
    }

    /** A consistency point is wanted; after one that could take nothing, not before some time has passed. */
    void ask(String why) {
        if (isStuck) {
            if (!willRetry) {
                willRetry = true;
                loop.after(RETRY_NANOS, () -> {
                    willRetry = false;
                    isStuck = false;
                    ask(why);
                });
            }
        } else if (!asked) {
            asked = true;
            committer.checkpointWanted(why);
        }
    }

    /** What could not be taken may have become stable. */
    void mayTake(String why) {
        isStuck = false;
        ask(why);
    }

    /**
     * Changes are frozen; {@code usedFraction} of the memory log waits for their root.
     *
     * @param tookNothing there are changes, all of mirrored shards, and none was stable
     */
    void frozen(double usedFraction, boolean tookNothing) {
        Checks.that(usedFraction >= 0 && usedFraction <= 1, "a share is between none and all");
        asked = false;
        isStuck = tookNothing;
        frozenFraction = usedFraction;
        if (age != null) {
            age.cancel();
            age = null;
        }
    }

    /** The frozen changes are durable and the memory log has let them go. */
    void installed() {
        frozenFraction = 0;
    }
}
