package dev.holdfast.sim.world;

import dev.holdfast.io.Network.Address;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldDriver;
import java.util.function.BooleanSupplier;

/** A simulated world under a contract suite. */
final class SimDriver implements WorldDriver {
    private final SimWorld world;
    private int names;

    SimDriver(long seed) {
        world = new SimWorld(seed);
    }

    @Override
    public World world() {
        return world;
    }

    SimWorld sim() {
        return world;
    }

    @Override
    public void runUntil(BooleanSupplier done) {
        world.runUntil(done);
    }

    @Override
    public String newPath() {
        return "/disk-" + ++names;
    }

    @Override
    public Address newAddress() {
        return ++names % 2 == 0 ? new Address.Tcp("localhost", 0) : new Address.Unix("/socket-" + names);
    }

    @Override
    public void close() {}
}
