package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;

/** The network as one process sees it. */
final class ProcessNetwork implements Network {
    ProcessNetwork(SimNetwork network, SimProcess process) {}

    @Override
    public Listener listen(Address address, Loop loop, Acceptor acceptor) {
        throw Checks.unreachable("the simulated network is there");
    }

    @Override
    public void connect(Address address, Loop loop, Acceptor acceptor, ConnectFailed failed) {
        throw Checks.unreachable("the simulated network is there");
    }
}
