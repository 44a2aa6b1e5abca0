package dev.holdfast.replica;

import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.ReplicaSet;
import java.util.List;
import java.util.Optional;

/** What happened to a mirrored volume, as one of its replicas saw it: for people, nothing follows from it. */
public sealed interface ReplicaEvent {
    /**
     * Another set.
     *
     * @param before the one that was known here
     * @param now the new one
     * @param restarted nodes of the former set whose process has started again since
     * @param silentNanos how long ago the former primary was heard of; -1 if it was this one, or never
     * @param resigned whether it said that it stops
     */
    record SetChanged(
            Optional<ReplicaSet> before, ReplicaSet now, List<Integer> restarted, long silentNanos, boolean resigned)
            implements ReplicaEvent {}

    /** A start of a node did not find the memory of its start before. */
    record MemoryLost(Member member) implements ReplicaEvent {}

    /** This one, the primary, brings another one up to date; what there is to do is known. */
    record CatchUpBegan(CatchUp is) implements ReplicaEvent {}

    /** That is over; {@code inSync} is false if the other one went away, or this one leads no more. */
    record CatchUpEnded(CatchUp was, boolean inSync) implements ReplicaEvent {}

    /**
     * Blocks that no disk here had right were had by another copy, the last of them by that on {@code node}.
     *
     * @param blocks how many since this was said last
     * @param firstBlock one of them
     */
    record Healed(int node, long blocks, long firstBlock) implements ReplicaEvent {}

    /** Roots that were kept for images are not kept any more, since space is short. */
    record PinsGivenUp() implements ReplicaEvent {}
}
