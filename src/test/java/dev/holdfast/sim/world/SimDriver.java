package dev.holdfast.sim.world;

import dev.holdfast.io.Network.Address;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldDriver;
import java.util.function.BooleanSupplier;

/** A simulated world under a contract suite. */
public final class SimDriver implements WorldDriver {
    private final SimWorld world;
    private int names;

    /** A world of this seed. */
    public SimDriver(long seed) {
        world = new SimWorld(seed);
    }

    @Override
    public World world() {
        return world;
    }

    /** The world. */
    public SimWorld sim() {
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
