package dev.holdfast.mirror.wire;

import dev.holdfast.host.HostDriver;
import dev.holdfast.io.WorldDriver;

/** Links over TCP on loopback keep the contract. */
final class HostLinksTest extends LinksContract {
    @Override
    protected WorldDriver newDriver() {
        return HostDriver.tcp();
    }
}
