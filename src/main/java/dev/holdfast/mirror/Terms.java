package dev.holdfast.mirror;

/** Times, in nanoseconds of the clock of whoever waits. Clocks run at most 1 % fast or slow. */
final class Terms {
    /** A primary serves for this long after it sent what an in-sync replica answered. */
    static final long LEASE_NANOS = 1_000_000_000L;

    /** A secondary does not claim for this long after it answered: a lease, by the fastest clock beside the slowest. */
    static final long PROMISE_NANOS = LEASE_NANOS + LEASE_NANOS / 40;

    /** A primary asks to renew the lease when nothing was sent for this long. */
    static final long RENEW_NANOS = LEASE_NANOS / 4;

    /** What was not answered for this long is sent again. */
    static final long RESEND_NANOS = 50_000_000L;

    /** A piece of an image that was not answered for this long is sent again: it may have to wait for a root there. */
    static final long IMAGE_NANOS = 250_000_000L;

    /** The same where answers take longer, or who is to lay it has said that it has no room: it says when it has. */
    static final long IMAGE_ROOM_NANOS = 2_000_000_000L;

    /** An in-sync replica that says nothing for this long is taken out. */
    static final long SILENCE_NANOS = 600_000_000L;

    /** Who leaves lets those who stay claim for so long, before it proposes another set or claims itself. */
    static final long GIVE_WAY_NANOS = 3_000_000_000L;

    /** A replica that the primary does not answer asks again after this long. */
    static final long ASK_NANOS = 100_000_000L;

    /** What nobody waits for is logged after this long. */
    static final long LOG_NANOS = 1_000_000_000L;

    /** A proposal of which nothing is heard is made again after this long. */
    static final long PROPOSE_NANOS = 2_000_000_000L;

    /** Who was restarted waits this long after the promise for a primary to speak before it claims the shard alone. */
    static final long ALONE_NANOS = PROMISE_NANOS + 500_000_000L;

    private Terms() {}
}
