/**
 * Clients of a simulated server: workloads that drive any {@link dev.holdfast.block.BlockVolume} and tell the oracles
 * what they were promised, and a naive volume to test both with.
 */
package dev.holdfast.sim.workload;
