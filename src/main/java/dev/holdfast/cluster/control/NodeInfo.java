package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;

/**
 * A node as the control plane knows it.
 *
 * @param number 1, 2, 3, ... in the order of first starts, never given twice
 * @param id what its directory is called for ever; all zero if its log was written before nodes had ids
 * @param name for people, no other node's
 * @param address where other nodes reach it; empty if its log is its own
 * @param incarnation of its newest process
 */
public record NodeInfo(int number, Id128 id, String name, String address, long incarnation) {}
