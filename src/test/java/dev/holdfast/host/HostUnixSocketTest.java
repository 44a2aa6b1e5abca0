package dev.holdfast.host;

import dev.holdfast.io.NetworkContract;
import dev.holdfast.io.WorldDriver;

/** Unix-domain sockets keep the contract. */
final class HostUnixSocketTest extends NetworkContract {
    @Override
    protected WorldDriver newDriver() {
        return new HostDriver(HostDriver.Sockets.UNIX);
    }
}
