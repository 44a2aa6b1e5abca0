/**
 * The simulated world behind {@code io}: machines, disks, memory, network and time, all from one seed in one thread.
 * {@link dev.holdfast.sim.world.SimWorld} is where a test begins. Each fake's header is its whole fault model.
 */
package dev.holdfast.sim.world;
