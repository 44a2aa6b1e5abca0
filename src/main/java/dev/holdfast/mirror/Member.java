package dev.holdfast.mirror;

import dev.holdfast.base.Checks;

/**
 * One start of one node's process. Nobody speaks under the name of an earlier start.
 *
 * @param node the node's number in the cluster, not negative
 * @param incarnation 1, 2, 3, ... as the ordered log counted its starts; never used again
 */
public record Member(int node, long incarnation) {
    /** Checks the ranges. */
    public Member {
        Checks.that(node >= 0 && incarnation > 0, "a member is a start of a node", node, incarnation);
    }

    @Override
    public String toString() {
        return node + "." + incarnation;
    }
}
