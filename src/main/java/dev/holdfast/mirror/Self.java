package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;
import java.util.List;

/**
 * What every part of one replica needs.
 *
 * @param member this start of this node
 * @param nodes every node that has or should have a replica, this one included
 * @param log the shard's log and state here
 * @param authority what the ordered log has decided, as far as it was replayed here
 * @param clock of this node
 * @param out to the world
 */
public record Self(Member member, List<Integer> nodes, ShardLog log, Authority authority, Clock clock, Outbox out) {
    /** Copies the list, and checks that the member is on it. */
    public Self {
        nodes = List.copyOf(nodes);
        Checks.that(nodes.contains(member.node()), "a replica is on one of its nodes", member.node());
    }
}
