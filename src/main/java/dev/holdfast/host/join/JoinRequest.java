package dev.holdfast.host.join;

import java.security.PublicKey;

/**
 * Who wants to join.
 *
 * @param id of the node, 32 hexadecimal digits
 * @param name of the node
 * @param address host:port of its control log
 * @param key that its certificate is for
 */
public record JoinRequest(String id, String name, String address, PublicKey key) {}
