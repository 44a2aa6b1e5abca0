package dev.holdfast.mirror.wire;

import dev.holdfast.io.Network;

/**
 * Another node of the cluster.
 *
 * @param node its number
 * @param address where its {@link Door} listens; used only by nodes with lower numbers
 * @param proof what the network has to have proved of whoever says to be this node; empty if it proves nothing
 */
public record Peer(int node, Network.Address address, String proof) {}
