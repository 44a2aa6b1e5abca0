package dev.holdfast.mirror.wire;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;

/**
 * Who speaks on all links of one process.
 *
 * @param cluster nobody of another one is spoken to
 * @param node this node's number
 * @param incarnation of this start of its process; greater than any before
 * @param channels into how many the shards are divided, the same on all nodes; shard mod channels is its channel
 */
public record LinkIdentity(Id128 cluster, int node, long incarnation, int channels) {
    /** Most channels: more connections between two nodes help nobody. */
    public static final int MOST_CHANNELS = 1024;

    /** Checks the ranges. */
    public LinkIdentity {
        Checks.that(node >= 0 && incarnation > 0, "links are a start of a node", node, incarnation);
        Checks.that(channels > 0 && channels <= MOST_CHANNELS, "there are channels, not too many", channels);
    }
}
