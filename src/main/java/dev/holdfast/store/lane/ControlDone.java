package dev.holdfast.store.lane;

import dev.holdfast.block.Status;

/** Told once, on the lane's loop, how a change that is not one of bytes has ended; OK means it is durable. */
@FunctionalInterface
public interface ControlDone {
    /** The outcome. */
    void done(Status status);
}
