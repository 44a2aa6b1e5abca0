package dev.holdfast.host;

import dev.holdfast.io.Clock;

/**
 * The machine's time, counted from its start and including the time it was suspended. It is not disciplined in any
 * way: a virtual machine that was paused or moved sees one jump forward, and timers that were due meanwhile are late.
 */
final class HostClock implements Clock {
    private final boolean bootTime = Posix.bootNanos() >= 0;

    @Override
    public long nanos() {
        return bootTime ? Posix.bootNanos() : System.nanoTime();
    }

    @Override
    public long wallMillis() {
        return System.currentTimeMillis();
    }
}
