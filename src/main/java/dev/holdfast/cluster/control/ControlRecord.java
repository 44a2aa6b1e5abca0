package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;
import dev.holdfast.mirror.Decision;

/** One record of the control log. */
public sealed interface ControlRecord {
    /** The cluster begins: the first record. */
    record ClusterCreated(Id128 cluster) implements ControlRecord {}

    /** A start in a log that was written before there were several nodes; {@code incarnation} was one for each name. */
    record MemberStarted(String name, long incarnation) implements ControlRecord {}

    /**
     * A process of a node starts, if {@code after} is the node's newest incarnation; its own is one more.
     *
     * @param node the node's number, the next free one if it is new
     * @param id the node's for ever
     * @param name the node's from now on
     * @param address where other nodes reach it
     * @param after the incarnation before
     * @param nonce tells this start from every other
     * @param domain the node's failure domain from now on; empty: what it was
     */
    record NodeStarted(int node, Id128 id, String name, String address, long after, long nonce, String domain)
            implements ControlRecord {}

    /**
     * Where a process is reached. It counts only while {@code by} is the newest process of its node.
     *
     * @param by whose places they are
     * @param links HOST:PORT of the door of its links
     * @param disks HOST:PORT of its NBD listener
     */
    record NodeReachable(Process by, String links, String disks) implements ControlRecord {}

    /** A change that is complete with this record. */
    record Applied(Id128 operation, Change change) implements ControlRecord {}

    /** A change that is to be carried out now, or after a crash; its {@link Ended} follows. */
    record Intended(Id128 operation, Change change) implements ControlRecord {}

    /** A root of the pool with this generation is durable: disks that stopped at a lesser one are not current. */
    record PoolWentOn(Id128 pool, long generation) implements ControlRecord {}

    /** How what {@code by} had to do for {@code operation} ended; {@code failure} is empty if it was done. */
    record Ended(Id128 operation, By by, String failure) implements ControlRecord {}

    /** Says nothing: who appended it has seen everything before it. */
    record Asked() implements ControlRecord {}

    /**
     * A decision about a mirrored shard. It counts only while {@code by} is the newest process of its node.
     *
     * @param shard which
     * @param by whose decision it is
     * @param number tells it from every other of {@code by}
     * @param decision what is decided, if it counts
     */
    record Decided(int shard, Process by, long number, Decision decision) implements ControlRecord {}

    /** A process of node {@code node}. */
    record Process(int node, long incarnation) {}

    /**
     * Who ended something.
     *
     * @param node its number; 0 in a log that was written before there were several nodes
     * @param incarnation of the process that says so
     * @param undo true if it took back what had been done
     */
    record By(int node, long incarnation, boolean undo) {
        /** Whoever kept the log alone. */
        static final By ALONE = new By(0, 0, false);
    }
}
