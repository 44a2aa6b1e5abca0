package dev.holdfast.host;

import dev.holdfast.io.LoopContract;
import dev.holdfast.io.WorldDriver;

/** The real loops keep the contract. */
final class HostLoopTest extends LoopContract {
    @Override
    protected WorldDriver newDriver() {
        return HostDriver.tcp();
    }
}
