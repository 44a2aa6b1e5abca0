package dev.holdfast.sim.world;

import dev.holdfast.io.DiskContract;
import dev.holdfast.io.WorldDriver;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulated world keeps the contract, whatever the seed. */
@ParameterizedClass
@ValueSource(longs = {1, 2, 3})
final class SimDiskContractTest extends DiskContract {
    @Parameter
    private long seed;

    @Override
    protected WorldDriver newDriver() {
        return new SimDriver(seed);
    }
}
