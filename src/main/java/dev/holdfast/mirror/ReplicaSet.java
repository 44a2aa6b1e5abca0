package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import java.util.Comparator;
import java.util.List;

/**
 * Who counts in one epoch of a shard, as the ordered log has it.
 *
 * @param epoch 2, 3, 4, ... of the shard; in epoch 1 it is made, and nobody speaks for it
 * @param primary serves; one of {@code inSync}
 * @param inSync every member without which nothing is acknowledged, primary included; kept in order of node
 */
public record ReplicaSet(int epoch, Member primary, List<Member> inSync) {
    /** Epoch of the first set. */
    public static final int FIRST_EPOCH = 2;

    /** Most members of a set. */
    public static final int MOST = 4;

    /** Checks what makes it a set. */
    public ReplicaSet {
        inSync = inSync.stream().sorted(Comparator.comparingInt(Member::node)).toList();
        Checks.that(epoch >= FIRST_EPOCH, "in the first epoch a shard has no set", epoch);
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
