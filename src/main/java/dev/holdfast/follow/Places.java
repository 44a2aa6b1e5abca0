package dev.holdfast.follow;

import dev.holdfast.io.Network;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where the nodes are that may lead.
 *
 * @param here the copy on this node, on the same loop, if there is one at the moment
 * @param network how others are reached
 * @param elsewhere NBD listeners of other nodes; asked before each round of attempts, and of the answer the first
 *     {@link #MOST} are tried
 */
public record Places(Supplier<Optional<Sessions>> here, Network network, Supplier<List<Network.Address>> elsewhere) {
    /** The most nodes that are tried at once. */
    public static final int MOST = 8;
}
