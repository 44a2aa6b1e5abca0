package dev.holdfast.mirror.wire;

/** Times in nanoseconds of the clock of whoever waits, and bounds of what waits. */
final class LinkTerms {
    /** How often links are looked at, besides when one that is down is to be dialled again. */
    static final long LOOK_NANOS = 250_000_000L;

    /** A look that comes this late says nothing of the peers: this process was asleep. */
    static final long LATE_NANOS = 1_000_000_000L;

    /** Who has sent nothing for this long says that it is there. */
    static final long BEAT_NANOS = 500_000_000L;

    /** Who was not heard for this long is taken for dead. */
    static final long SILENCE_NANOS = 2_500_000_000L;

    /** A connect that has not come about after this long is given up. */
    static final long DIAL_NANOS = 2_000_000_000L;

    /** Time for one side's greeting. */
    static final long GREETING_NANOS = 3_000_000_000L;

    /** Pause before the first new attempt; doubled with each failure, ... */
    static final long PAUSE_NANOS = 50_000_000L;

    /** ... up to this. */
    static final long LONGEST_PAUSE_NANOS = 1_000_000_000L;

    /** What was up for this long has not failed. */
    static final long STEADY_NANOS = 5_000_000_000L;

    /** Most bytes that wait to be sent on one link when a message with entries is added. */
    static final long QUEUE_BYTES = 16L << 20;

    /** So much more may wait for messages without entries. */
    static final long SPARE_BYTES = 1L << 20;

    /** Most connections that have not said yet who they are. */
    static final int MOST_GREETING = 64;

    private LinkTerms() {}
}
