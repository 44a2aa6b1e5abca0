/**
 * Deterministic simulation of the whole product, shipped with it: {@link dev.holdfast.sim.Simulation} runs a scenario
 * from a seed. The world is in {@code sim.world}, the judges in {@code sim.oracle}, the clients in
 * {@code sim.workload}.
 */
package dev.holdfast.sim;
