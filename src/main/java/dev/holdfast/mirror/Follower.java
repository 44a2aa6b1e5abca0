package dev.holdfast.mirror;

/** What a primary knows of one other replica in the present epoch. Positions only grow; a new epoch begins anew. */
final class Follower {
    final Member member;

    /** Both logs were compared: entries may be sent. */
    boolean compared;

    /** It needs entries that are not kept any more, so it gets an image. */
    boolean beyondReplay;

    /** Its contents are a mixture with those of this position; {@link Position#START} if not. */
    Position mixture = Position.START;

    /** Its log is the primary's up to here, ... */
    long held;

    /** ... on stable storage up to here, ... */
    long logged;

    /** ... in its root up to here. */
    long rooted;

    /** Entry to be sent next. */
    long next = 1;

    /** The last commit it was told. */
    long told;

    /** How long the newest answer took to come, from the sending of what it answers. */
    long roundNanos;

    long sentNanos;
    long progressNanos;
    long heardNanos;

    /** When the newest append that it answered was sent; its lease counts from there. */
    long answeredNanos;

    boolean answered;

    Follower(Member member, long nowNanos) {
        this.member = member;
        this.sentNanos = nowNanos;
        this.progressNanos = nowNanos;
        this.heardNanos = nowNanos;
    }

    /** Whether an image of a later position has to be laid over what it is. */
    boolean isMixture() {
        return mixture.seq() > held;
    }

    /** What it has not answered for this long is sent again: on a slow link much waits before it. */
    long resendNanos() {
        return Math.clamp(2 * roundNanos, Terms.RESEND_NANOS, Terms.RENEW_NANOS);
    }

    /** Entries that nobody will ever have to send to it. */
    long safe() {
        return Math.max(logged, rooted);
    }
}
