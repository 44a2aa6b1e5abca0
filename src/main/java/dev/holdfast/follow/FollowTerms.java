package dev.holdfast.follow;

import dev.holdfast.base.Checks;

/**
 * How long a {@link FollowedVolume} waits for what, in nanoseconds, and what it keeps.
 *
 * @param ageNanos a request that was not answered for so long fails
 * @param doubtNanos a path that answers nothing of what is under way for so long is not the only one tried
 * @param stuckNanos after so long the place that it leads to is tried again, too; and an attempt may take so long, from
 *     connecting to the first answer
 * @param firstPauseNanos between two rounds of attempts; doubled with each
 * @param longestPauseNanos the longest such pause
 * @param keptBytes WRITEs that are not answered, together
 */
public record FollowTerms(
        long ageNanos, long doubtNanos, long stuckNanos, long firstPauseNanos, long longestPauseNanos, long keptBytes) {
    /** What a node uses. */
    public static final FollowTerms DEFAULTS =
            new FollowTerms(30_000_000_000L, 500_000_000L, 1_500_000_000L, 20_000_000L, 200_000_000L, 16 << 20);

    /** Checks that there is time and room for one. */
    public FollowTerms {
        Checks.that(firstPauseNanos > 0 && longestPauseNanos >= firstPauseNanos, "pauses pass", firstPauseNanos);
        Checks.that(doubtNanos > 0 && stuckNanos >= doubtNanos, "doubt comes first", doubtNanos, stuckNanos);
        Checks.that(stuckNanos > longestPauseNanos, "an attempt outlives a round", stuckNanos);
        Checks.that(ageNanos > stuckNanos, "a request outlives an attempt", ageNanos, stuckNanos);
        Checks.that(keptBytes >= KeptSpace.LARGEST_BYTES, "the longest WRITE can be kept", keptBytes);
    }
}
