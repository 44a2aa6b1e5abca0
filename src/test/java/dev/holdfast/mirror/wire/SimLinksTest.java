package dev.holdfast.mirror.wire;

import dev.holdfast.io.WorldDriver;
import dev.holdfast.sim.world.SimDriver;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Links over simulated streams keep the contract, whatever the seed. */
@ParameterizedClass
@ValueSource(longs = {1, 2, 3})
final class SimLinksTest extends LinksContract {
    @Parameter
    private long seed;

    @Override
    protected WorldDriver newDriver() {
        return new SimDriver(seed);
    }
}
