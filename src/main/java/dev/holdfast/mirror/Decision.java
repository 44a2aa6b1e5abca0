package dev.holdfast.mirror;

import dev.holdfast.base.Checks;

/** A record of the ordered log about one shard. Whether it counts is for {@link Authority} to say, at its place. */
public sealed interface Decision {
    /**
     * A process has started. A compare-and-set: it counts only if {@code after} is the node's newest incarnation.
     *
     * @param node where
     * @param nonce tells this start from every other of the node
     * @param after incarnation of the node's start before
     * @param memory what it found
     */
    record Started(int node, long nonce, long after, Found memory) implements Decision {}

    /**
     * What a process found of the shard when it started.
     *
     * @param memorySince incarnation since which its memory is unbroken; 0 if it was lost
     * @param acted the newest epoch in which the node may have acknowledged anything as primary
     * @param logged the newest entry on stable storage
     */
    record Found(long memorySince, int acted, Position logged) {
        /** Checks the ranges. */
        public Found {
            Checks.that(memorySince >= 0 && acted >= 0, "memory and epochs count from 1", memorySince, acted);
        }
    }

    /** The next set: a compare-and-set from the epoch before it. */
    record NewSet(ReplicaSet set) implements Decision {}
}
