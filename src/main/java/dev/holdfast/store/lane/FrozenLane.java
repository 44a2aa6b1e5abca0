package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import java.util.List;

/**
 * Everything one lane gives to a consistency point.
 *
 * @param cp the consistency point it is for
 * @param shards those that changed, in order of id
 * @param releaseEntry every entry of the lane's memory log below this is covered by {@code cp} or an earlier one
 * @param isAll the lane has nothing left that is in none of them
 */
public record FrozenLane(long cp, List<FrozenShard> shards, long releaseEntry, boolean isAll) {
    /** Checks what a consistency point relies on. */
    public FrozenLane {
        Checks.that(cp > 0 && releaseEntry >= 0, "a consistency point and an entry have numbers", cp, releaseEntry);
    }
}
