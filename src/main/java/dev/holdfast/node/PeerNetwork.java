package dev.holdfast.node;

import dev.holdfast.io.Network;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How nodes reach each other.
 *
 * @param network what carries it
 * @param disks where other nodes' requests to primaries come in by it; empty: where clients come in
 * @param proves true if {@code network} proves the id of whoever is there
 * @param removed told the ids of nodes that were removed, again and again: they are believed no more, and keep the
 *     control log no more
 */
public record PeerNetwork(Network network, Optional<Network.Address> disks, boolean proves, Consumer<String> removed) {
    /** Nodes of one machine, on a network that proves nothing. */
    public static PeerNetwork plain(Network network) {
        return new PeerNetwork(network, Optional.empty(), false, id -> {});
    }
}
