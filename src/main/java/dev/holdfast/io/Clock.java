package dev.holdfast.io;

/** Time as one machine sees it. It is no source of truth between machines: clocks drift and wall time jumps. */
public interface Clock {
    /** Nanoseconds since an arbitrary point; never goes back and counts time the machine was suspended. */
    long nanos();

    /** Milliseconds since 1970 UTC, for people only: it may jump either way, so nothing may be decided by it. */
    long wallMillis();
}
