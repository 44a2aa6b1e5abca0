package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import java.util.ArrayList;
import java.util.List;

/**
 * The beginning of a control log in place of one that was lost: the cluster, one node, and its pools, which start from
 * there as any others do. What the pools have is adopted once they are open.
 */
public final class RecoveredLog {
    private static final int FIRST_NODE = 1;

    private RecoveredLog() {}

    /** A pool as its labels say, and what it is to be called. */
    public record Found(Id128 pool, String name, List<String> paths, Protection protection) {}

    /**
     * Its records, in order.
     *
     * @param cluster as the labels say
     * @param node id of the node from now on, {@code name} what it is called
     * @param pools at least one
     */
    public static List<byte[]> records(Id128 cluster, Id128 node, String name, List<Found> pools) {
        Checks.that(!pools.isEmpty(), "there is something to be known again");
        ControlState state = new ControlState();
        List<ControlRecord> records = new ArrayList<>();
        records.add(new ControlRecord.ClusterCreated(cluster));
        records.add(new ControlRecord.NodeStarted(FIRST_NODE, node, name, "", 0, node.low(), ""));
        for (Found found : pools) {
            Change adopted = new Change.AdoptPool(
                    found.pool(), FIRST_NODE, found.name(), List.copyOf(found.paths()), found.protection());
            records.add(new ControlRecord.Applied(found.pool(), adopted));
        }
        for (ControlRecord record : records) {
            Checks.that(state.apply(record), "what begins a log counts");
        }
        return records.stream().map(ControlCodec::encode).toList();
    }
}
