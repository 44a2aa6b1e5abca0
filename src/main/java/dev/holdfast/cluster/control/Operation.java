package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import java.util.List;

/** What a person asks for, in names. It says nothing of ids, which are chosen when it is planned. */
public sealed interface Operation {
    /**
     * A new pool.
     *
     * @param name for people
     * @param node the name of the node whose it is; empty means the one that is asked
     * @param paths its devices, absolute or relative to the node's directory
     * @param protection how they guard against loss
     * @param logBytes length of the write log
     * @param createBytes length of the files to make at {@code paths}; 0 if something is there to be used
     */
    record CreatePool(
            String name, String node, List<String> paths, Protection protection, long logBytes, long createBytes)
            implements Operation {}

    /** A new thin volume; an empty pool name means the only one. */
    record CreateVolume(String name, String pool, long sizeBytes) implements Operation {}

    /**
     * A new thin volume that several nodes keep.
     *
     * @param name for people
     * @param pools where, each of another node; empty: the pools of other nodes with the fewest volumes
     * @param copies how many, if {@code pools} is empty
     * @param sizeBytes its size
     * @param sameDomain whether several may be in one failure domain, if there are not enough
     */
    record CreateMirrored(String name, List<String> pools, int copies, long sizeBytes, boolean sameDomain)
            implements Operation {
        /** Each in another failure domain, if {@code pools} is empty. */
        public CreateMirrored(String name, List<String> pools, int copies, long sizeBytes) {
            this(name, pools, copies, sizeBytes, false);
        }
    }

    /**
     * Another pool keeps a copy of a mirrored volume, too.
     *
     * @param volume which
     * @param pool where; empty: of the nodes that keep none yet, the pool with the fewest volumes
     * @param sameDomain whether it may be in the failure domain of another copy, if there is no other
     * @param among only if the volume has as many copies; 0: whatever it has
     */
    record AddCopy(String volume, String pool, boolean sameDomain, int among) implements Operation {
        /** In a failure domain without a copy, if {@code pool} is empty. */
        public AddCopy(String volume, String pool) {
            this(volume, pool, false, 0);
        }
    }

    /** A pool keeps no copy of the volume any more; if the others need it now, once they go on without it. */
    record RemoveCopy(String volume, String pool) implements Operation {}

    /**
     * What only other copies have of a mirrored volume is given up, and the one of {@code node} goes on alone.
     *
     * @param gone nodes whose copies may have what this one lacks: nobody serves the volume there any more
     * @param evenIfReached though one of them can be reached
     * @param by who accepts it, and when
     */
    record AcceptLoss(String volume, String node, List<String> gone, boolean evenIfReached, Change.Audit by)
            implements Operation {}

    /** A node that is dead goes for good; {@code losesVolumes}: with volumes that only it has. */
    record RemoveNode(String name, boolean losesVolumes) implements Operation {}

    /** Nothing new goes to a node, and its copies move away; see {@link AddCopy} for {@code sameDomain}. */
    record DrainNode(String name, boolean sameDomain) implements Operation {}

    /** A node is drained no more; what has moved stays where it is. */
    record EndDrain(String name) implements Operation {}

    /** A volume that its pool has is one that the control log knows. */
    record AdoptVolume(Id128 volume, String name, Id128 pool, int shard, long sizeBytes) implements Operation {}

    /** The same of a snapshot. */
    record AdoptSnapshot(Id128 volume, long snapshot, String name) implements Operation {}

    /** Another size; a smaller one only if {@code mayShrink}: what is cut off is gone. */
    record ResizeVolume(String name, long sizeBytes, boolean mayShrink) implements Operation {}

    /** The volume goes. */
    record DeleteVolume(String name) implements Operation {}

    /** Keeps the volume's present state under a name. */
    record CreateSnapshot(String volume, String name) implements Operation {}

    /** Lets a snapshot go. */
    record DeleteSnapshot(String volume, String name) implements Operation {}

    /** Clients may reach the volume. */
    record AddExport(String volume, Protocol protocol) implements Operation {}

    /** Clients may not reach it any more. */
    record RemoveExport(String volume, Protocol protocol) implements Operation {}
}
