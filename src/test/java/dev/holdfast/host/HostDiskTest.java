package dev.holdfast.host;

import dev.holdfast.io.DiskContract;
import dev.holdfast.io.WorldDriver;

/** Files as disks keep the contract. */
final class HostDiskTest extends DiskContract {
    @Override
    protected WorldDriver newDriver() {
        return HostDriver.tcp();
    }
}
