package dev.holdfast.node;

import dev.holdfast.io.Network;
import java.util.Optional;

/**
 * How nodes reach each other.
 *
 * @param network what carries it
 * @param disks where other nodes' requests to primaries come in by it; empty: where clients come in
 * @param proves true if {@code network} proves the id of whoever is there
 */
public record PeerNetwork(Network network, Optional<Network.Address> disks, boolean proves) {
    /** Nodes of one machine, on a network that proves nothing. */
    public static PeerNetwork plain(Network network) {
        return new PeerNetwork(network, Optional.empty(), false);
    }
}
