package dev.holdfast.follow;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;

/**
 * What is followed.
 *
 * @param volume its name
 * @param sizeBytes its size
 * @param session who follows: never used before, by anybody
 * @param terms how long to wait for what
 */
public record Followed(String volume, long sizeBytes, Id128 session, FollowTerms terms) {
    /** Checks the size. */
    public Followed {
        Checks.that(sizeBytes > 0, "what is followed has bytes", sizeBytes);
    }
}
