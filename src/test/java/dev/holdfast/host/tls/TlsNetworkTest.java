package dev.holdfast.host.tls;

import dev.holdfast.host.HostDriver;
import dev.holdfast.io.NetworkContract;
import dev.holdfast.io.WorldDriver;

/** Streams on which both ends prove themselves keep the contract. */
final class TlsNetworkTest extends NetworkContract {
    @Override
    protected WorldDriver newDriver() {
        return HostDriver.over(new TestCluster().keys(1)::over);
    }
}
