package dev.holdfast.sim;

import dev.holdfast.sim.world.SimWorld;

/**
 * One thing to try in a simulated world.
 *
 * @param name what the command line calls it
 * @param claim what holds if it passes, in one sentence
 * @param body runs it in a fresh world, and throws if the claim does not hold
 */
public record Scenario(String name, String claim, Body body) {
    /** What a scenario does. */
    @FunctionalInterface
    public interface Body {
        /** Runs in {@code world}; returns if the claim held. */
        void run(SimWorld world);
    }
}
