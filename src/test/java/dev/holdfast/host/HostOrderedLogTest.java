package dev.holdfast.host;

import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.OrderedLogContract;
import dev.holdfast.io.WorldDriver;
import dev.holdfast.io.WorldException;
import java.nio.file.Path;

/** The log in a file keeps the contract. */
final class HostOrderedLogTest extends OrderedLogContract {
    @Override
    protected WorldDriver newDriver() {
        return HostDriver.tcp();
    }

    @Override
    protected OrderedLog open(WorldDriver driver, String place) throws WorldException {
        return HostOrderedLog.open(Path.of(place), (where, thrown) -> {
            throw new AssertionError(where, thrown);
        });
    }
}
