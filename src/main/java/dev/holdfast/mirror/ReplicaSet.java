package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import java.util.Comparator;
import java.util.List;

/**
 * Who counts in one epoch of a shard, as the ordered log has it.
 *
 * @param epoch 1, 2, 3, ... of the shard
 * @param primary serves; one of {@code inSync}
 * @param inSync every member without which nothing is acknowledged, primary included; kept in order of node
 */
public record ReplicaSet(int epoch, Member primary, List<Member> inSync) {
    /** Most members of a set. */
    public static final int MOST = 4;

    /** Checks what makes it a set. */
    public ReplicaSet {
        inSync = inSync.stream().sorted(Comparator.comparingInt(Member::node)).toList();
        Checks.that(epoch > 0, "epochs count from 1", epoch);
        Checks.that(!inSync.isEmpty() && inSync.size() <= MOST, "a set is not empty and not large", inSync.size());
        long nodes = inSync.stream().map(Member::node).distinct().count();
        Checks.that(nodes == inSync.size(), "a node counts once", nodes, inSync.size());
        Checks.that(inSync.contains(primary), "the primary is in sync", epoch);
    }

    /** Whether this start of this node is in sync. */
    public boolean has(Member member) {
        return inSync.contains(member);
    }
}
