package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;

/**
 * What every part of one replica needs.
 *
 * @param member this start of this node
 * @param copies every node that has or should have a replica, this one included
 * @param log the shard's log and state here
 * @param authority what the ordered log has decided, as far as it was replayed here
 * @param clock of this node
 * @param out to the world
 */
public record Self(Member member, Copies copies, ShardLog log, Authority authority, Clock clock, Outbox out) {
    /** Checks that the member is on one of its nodes. */
    public Self {
        Checks.that(copies.nodes().contains(member.node()), "a replica is on one of its nodes", member.node());
    }
}
