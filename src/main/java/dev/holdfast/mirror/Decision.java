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
     * @param memory a number that two starts of a node have in common only if no memory was lost between them
     * @param logged the newest entry on stable storage
     */
    record Found(long memory, Position logged) {}

    /** The next set: a compare-and-set from the epoch before it. */
    record NewSet(ReplicaSet set) implements Decision {}

    /** The primary of {@code epoch} will acknowledge changes from now on; it counts only while that is the newest. */
    record Acts(int epoch, Member primary) implements Decision {
        /** Checks the range. */
        public Acts {
            Checks.that(epoch >= ReplicaSet.FIRST_EPOCH, "there is an epoch to act in", epoch);
        }
    }
}
