/**
 * The ordered log of several nodes, carried by Apache Ratis (Raft). All that the program knows of Ratis is here; what
 * is promised, stored and tested is in {@code docs/internals/control-log.md}.
 */
package dev.holdfast.host.raft;
