package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import java.util.List;
import java.util.Optional;

/**
 * A change that was begun and has not ended.
 *
 * @param change what is to be done
 * @param owners numbers of the nodes that have a part in it, ascending
 * @param left those of them that have not said how theirs ended
 * @param undo true if what was done is being taken back
 * @param failure of the first part that failed, or empty
 */
record Open(Change change, List<Integer> owners, List<Integer> left, boolean undo, String failure) {
    /** A change that has just become open in {@code state}. */
    static Open begun(Change change, ControlState state) {
        List<Integer> owners = owners(change, state);
        Checks.that(!owners.isEmpty(), "a change is somebody's");
        return new Open(change, owners, owners, false, "");
    }

    /** Who carries it out: numbers of nodes, ascending. */
    private static List<Integer> owners(Change change, ControlState state) {
        return switch (change) {
            case Change.CreatePool c -> List.of(c.node());
            case Change.CreateVolume c -> ownersOf(c.volume(), state);
            case Change.CreateMirrored c -> ownersOf(c.volume(), state);
            case Change.AddCopy c -> List.of(state.pool(c.pool()).orElseThrow().node());
            case Change.AcceptLoss c ->
                List.of(state.pool(c.pool()).orElseThrow().node());
            case Change.LeaveCopy c ->
                List.of(state.pool(c.pool()).orElseThrow().node());
            case Change.ResizeVolume c -> ownersOf(c.volume(), state);
            case Change.DeleteVolume c -> ownersOf(c.volume(), state);
            case Change.CreateSnapshot c -> ownersOf(c.volume(), state);
            case Change.DeleteSnapshot c -> ownersOf(c.volume(), state);
            case Change.AtOnce _ -> throw Checks.unreachable("nobody carries out what one record completes");
        };
    }

    private static List<Integer> ownersOf(Id128 volume, ControlState state) {
        return state.nodesOf(state.volume(volume).orElseThrow());
    }

    /** True if it changes the volume, or its snapshots. */
    boolean touches(Id128 volume) {
        return switch (change) {
            case Change.CreatePool c -> false;
            case Change.CreateVolume c -> c.volume().equals(volume);
            case Change.CreateMirrored c -> c.volume().equals(volume);
            case Change.AddCopy c -> c.volume().equals(volume);
            case Change.AcceptLoss c -> c.volume().equals(volume);
            case Change.LeaveCopy c -> c.volume().equals(volume);
            case Change.ResizeVolume c -> c.volume().equals(volume);
            case Change.DeleteVolume c -> c.volume().equals(volume);
            case Change.CreateSnapshot c -> c.volume().equals(volume);
            case Change.DeleteSnapshot c -> c.volume().equals(volume);
            case Change.AtOnce _ -> false;
        };
    }

    /** A node's part in a change: what it has to do now. */
    record Part(Change change, boolean undo) {}

    /** What {@code node} has to do now, if it has not done it; nobody does what sets end. */
    Optional<Part> part(int node) {
        Checks.that(node > 0, "nodes are counted from 1", node);
        boolean isCarriedOut = !(change instanceof Change.LeaveCopy);
        return isCarriedOut && left.contains(node) ? Optional.of(new Part(change, undo)) : Optional.empty();
    }

    /** The same when what was done is to be taken back, by all who have a part in it. */
    Open undoing() {
        Checks.that(left.isEmpty() && !undo && !failure.isEmpty(), "what failed is taken back, once");
        return new Open(change, owners, owners, true, failure);
    }

    /** The volume through whose shard's log it goes, if it does: of a mirrored one, whoever leads does it. */
    Optional<Id128> goesThrough() {
        return switch (change) {
            case Change.ResizeVolume c -> Optional.of(c.volume());
            case Change.CreateSnapshot c -> Optional.of(c.volume());
            case Change.DeleteSnapshot c -> Optional.of(c.volume());
            default -> Optional.empty();
        };
    }

    /** Whether the first who says how it ended says it for all. */
    private boolean endsAtOnce() {
        return owners.size() > 1 && goesThrough().isPresent();
    }

    /** The same after {@code node} has said how its part ended. */
    Open without(int node, String why) {
        Checks.that(left.contains(node), "a part ends once", node);
        if (endsAtOnce()) {
            return new Open(change, owners, List.of(), undo, why);
        }
        List<Integer> others = left.stream().filter(other -> other != node).toList();
        return new Open(change, owners, others, undo, failure.isEmpty() ? why : failure);
    }
}
