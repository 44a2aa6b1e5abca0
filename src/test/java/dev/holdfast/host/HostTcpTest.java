package dev.holdfast.host;

import dev.holdfast.io.NetworkContract;
import dev.holdfast.io.WorldDriver;

/** TCP keeps the contract. */
final class HostTcpTest extends NetworkContract {
    @Override
    protected WorldDriver newDriver() {
        return HostDriver.tcp();
    }
}
