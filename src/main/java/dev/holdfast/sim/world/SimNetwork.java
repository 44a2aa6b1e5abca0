package dev.holdfast.sim.world;

/** The network between simulated machines. */
public final class SimNetwork {
    SimNetwork(SimWorld world) {}

    void processDied(SimProcess process) {}
}
