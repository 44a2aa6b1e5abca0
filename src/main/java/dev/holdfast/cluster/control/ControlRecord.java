package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;

/** One record of the control log. */
public sealed interface ControlRecord {
    /** The cluster begins: the first record. */
    record ClusterCreated(Id128 cluster) implements ControlRecord {}

    /** A process of node {@code name} starts; its incarnation is one more than the last one's. */
    record MemberStarted(String name, long incarnation) implements ControlRecord {}

    /** A change that is complete with this record. */
    record Applied(Id128 operation, Change change) implements ControlRecord {}

    /** A change that is to be carried out now, or after a crash; its {@link Ended} follows. */
    record Intended(Id128 operation, Change change) implements ControlRecord {}

    /** A root of the pool with this generation is durable: disks that stopped at a lesser one are not current. */
    record PoolWentOn(Id128 pool, long generation) implements ControlRecord {}

    /** How the change of {@code operation} ended; {@code failure} is empty if it was done. */
    record Ended(Id128 operation, String failure) implements ControlRecord {}
}
