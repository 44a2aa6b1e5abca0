package dev.holdfast.sim.world;

import dev.holdfast.io.DiskOutcome;

/** Told of every operation of a simulated disk; for scenarios that act at a certain one. It changes nothing there. */
public interface DeviceListener {
    /** An operation was issued. */
    void issued(SimDevice device, DiskOperationKind kind, long offset);

    /** An operation took effect; its issuer hears of it later. */
    void completed(SimDevice device, DiskOperationKind kind, long offset, DiskOutcome outcome);
}
