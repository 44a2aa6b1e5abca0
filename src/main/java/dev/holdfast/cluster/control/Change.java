package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import java.util.List;

/** One change of the control state in ids, as records carry it. It never mentions a name to look something up. */
public sealed interface Change {
    /** A change that one record completes: nothing outside the control state is to be done for it. */
    sealed interface AtOnce extends Change {}

    /** True if one record completes it. */
    default boolean isImmediate() {
        return this instanceof AtOnce;
    }

    /** A new pool of node {@code node}; see {@link Operation.CreatePool}. */
    record CreatePool(
            Id128 pool,
            int node,
            String name,
            List<String> paths,
            Protection protection,
            long logBytes,
            long createBytes)
            implements Change {}

    /** A new volume, kept as shard {@code shard} of its pool, a number that is never used again. */
    record CreateVolume(Id128 volume, String name, Id128 pool, int shard, long sizeBytes) implements Change {}

    /** A new volume of which every one of {@code pools}, each of another node, keeps a copy as shard {@code shard}. */
    record CreateMirrored(Id128 volume, String name, List<Id128> pools, int shard, long sizeBytes) implements Change {}

    /**
     * Another pool keeps a copy of a mirrored volume; it is empty, or what it had when it kept one before.
     *
     * @param among only if the volume has as many copies when the record arrives; 0: whatever it has
     */
    record AddCopy(Id128 volume, Id128 pool, int among) implements Change {}

    /**
     * A copy that the others can't do without yet is to be taken away: its pool keeps the volume until a set without
     * its node acts. Nobody carries that out but those sets; it fails if all that is left in sync is this copy.
     */
    record LeaveCopy(Id128 volume, Id128 pool) implements Change {}

    /** A pool keeps no copy any more. */
    record RemoveCopy(Id128 volume, Id128 pool) implements AtOnce {}

    /**
     * What only other copies have of a mirrored volume is given up: the one in {@code pool} goes on alone.
     *
     * @param epoch of the newest set when that was decided
     * @param passed the other copies, each of which becomes a volume of its own
     * @param evenIfReached whether it is done though a node that has everything can be reached
     * @param by who accepted it, and when
     */
    record AcceptLoss(Id128 volume, Id128 pool, int epoch, List<Passed> passed, boolean evenIfReached, Audit by)
            implements Change {}

    /** A copy that is passed over, the volume that it becomes, and that one's name. */
    record Passed(Id128 pool, Id128 volume, String name) {}

    /** Who did something, as they say, at what time in milliseconds since 1970 UTC. */
    record Audit(String who, long atMillis) {}

    /** A pool that is there, of which a control log that was lost knew; it is called {@code name} from now on. */
    record AdoptPool(Id128 pool, int node, String name, List<String> paths, Protection protection) implements AtOnce {}

    /** A volume that its pool has, of which a control log that was lost knew. */
    record AdoptVolume(Id128 volume, String name, Id128 pool, int shard, long sizeBytes) implements AtOnce {}

    /** A snapshot of such a volume. */
    record AdoptSnapshot(Id128 volume, long snapshot, String name) implements AtOnce {}

    /** Another size. */
    record ResizeVolume(Id128 volume, long sizeBytes) implements Change {}

    /**
     * A node goes for good, with its pools, if nothing of it has started since {@code incarnation}.
     *
     * @param id its own
     * @param node its number
     * @param incarnation of its newest process
     * @param losesVolumes whether volumes that only its pools have may go with it
     */
    record RemoveNode(Id128 id, int node, long incarnation, boolean losesVolumes) implements AtOnce {}

    /** Nothing new goes to a node, and its copies move away; {@code sameDomain}: other copies may share a domain. */
    record DrainNode(Id128 id, int node, boolean sameDomain) implements AtOnce {}

    /** A node is drained no more. */
    record EndDrain(Id128 id, int node) implements AtOnce {}

    /** A volume goes. */
    record DeleteVolume(Id128 volume) implements Change {}

    /** A snapshot; its number is greater than that of any before. */
    record CreateSnapshot(Id128 volume, long snapshot, String name) implements Change {}

    /** A snapshot goes. */
    record DeleteSnapshot(Id128 volume, long snapshot) implements Change {}

    /** A volume may be reached. */
    record AddExport(Id128 volume, Protocol protocol) implements AtOnce {}

    /** A volume may not be reached any more. */
    record RemoveExport(Id128 volume, Protocol protocol) implements AtOnce {}
}
