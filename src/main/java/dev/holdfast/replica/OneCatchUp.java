package dev.holdfast.replica;

import dev.holdfast.io.Clock;
import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.wire.Entries;

/**
 * The figures of one replica's catch-up, from what is sent to it. It looks at no byte, and at each change once.
 *
 * <ol>
 *   <li>predicted + meanwhile = sent + left, from when predicted is known, but for what clients overwrite meanwhile.
 *   <li>The pace is that of the last ten to twenty seconds, or of all before.
 * </ol>
 */
final class OneCatchUp {
    private static final long SPAN_NANOS = 10_000_000_000L;
    private static final long LEAST_SPAN_NANOS = 200_000_000L;
    private static final double NANOS = 1e9;

    /** So many changes are counted at a time, so that clients do not wait. */
    private static final int MOST_A_LOOK = 16_384;

    private final Member member;
    private final Changes changes;
    private final Clock clock;
    private final long beganNanos;
    private final long beganMillis;
    private CatchUp.Rung rung = CatchUp.Rung.REPLAY;
    private Position image = Position.START;
    private long imageEnd;
    private long imageLeft;
    private long sentTo;
    private long countedTo;
    private long countedOnce;
    private long toReplay;
    private long predicted = -1;
    private long meanwhile;
    private long sent;
    private long again;
    private Sample older;
    private Sample newer;

    /** Changes that the primary holds. */
    interface Changes {
        /** Number of the newest. */
        long held();

        /** Number of the oldest of which the length is still known. */
        long firstKept();

        /** Bytes that a change has, one that is kept; none if it was found that later ones overwrite it. */
        int payloadBytes(long seq);
    }

    /** How far it was at some time. */
    private record Sample(long atNanos, long sent, long left) {}

    /** One that begins: all up to change {@code has} is there already. */
    OneCatchUp(Member member, long has, Changes changes, Clock clock) {
        this.member = member;
        this.changes = changes;
        this.clock = clock;
        this.beganNanos = clock.nanos();
        this.beganMillis = clock.wallMillis();
        this.sentTo = has;
        this.countedTo = has;
        this.countedOnce = changes.held();
        this.older = new Sample(beganNanos, 0, -1);
        this.newer = older;
    }

    Member member() {
        return member;
    }

    /** Changes go to it. */
    void send(Batch batch) {
        imageLeft = 0; // Changes follow the whole of it.
        count(batch.last());
        for (long seq = batch.first(); seq <= batch.last(); seq++) {
            int bytes = batch instanceof Entries entries ? entries.payloadBytes(seq) : changes.payloadBytes(seq);
            if (seq > sentTo) {
                sentTo = seq;
                sent += bytes;
                toReplay = sentTo == countedTo ? 0 : Math.max(0, toReplay - changes.payloadBytes(seq));
            } else {
                again += bytes;
            }
        }
    }

    /** A piece of the image of {@code to} goes to it. */
    void send(Position to, boolean isAll, ImagePiece piece) {
        if (!to.equals(image)) {
            beginImage(to, isAll, piece.first());
        }
        int bytes = piece.bytes().remaining();
        if (piece.first() >= imageEnd) {
            imageEnd = piece.end();
            sent += bytes;
            imageLeft = imageLeft < 0 ? -1 : Math.max(0, imageLeft - bytes);
        } else {
            again += bytes;
        }
    }

    private void beginImage(Position to, boolean isAll, long first) {
        if (rung == CatchUp.Rung.REPLAY) {
            rung = isAll ? CatchUp.Rung.IMAGE_OF_ALL : CatchUp.Rung.IMAGE_SINCE;
            predicted = -1;
        }
        image = to;
        imageEnd = first;
        imageLeft = -1;
        if (to.seq() > sentTo) {
            sentTo = to.seq();
            countedTo = to.seq();
            toReplay = 0;
        }
    }

    /** So many bytes of the image that is under way are still to be sent; -1 if that is not known. */
    void imageLeft(long bytes) {
        imageLeft = bytes;
    }

    /** It is over; if it came to its end, nothing of an image is left. */
    void over(boolean inSync) {
        imageLeft = inSync ? 0 : imageLeft;
    }

    /** Counts what has come, and looks at the time; true if what there is to do became known now. */
    boolean look() {
        count(Math.min(changes.held(), countedTo + MOST_A_LOOK));
        boolean isKnown = left() >= 0;
        boolean becomes = isKnown && predicted < 0;
        if (becomes) {
            predicted = Math.max(0, sent + left() - meanwhile);
        }
        long now = clock.nanos();
        if (isKnown && (older.left < 0 || now - newer.atNanos >= SPAN_NANOS)) {
            Sample next = new Sample(now, sent, left());
            older = older.left < 0 ? next : newer;
            newer = next;
        }
        return becomes;
    }

    /** Counts changes up to {@code seq}, which is held. */
    private void count(long seq) {
        for (long next = Math.max(countedTo + 1, changes.firstKept()); next <= seq; next++) {
            int bytes = changes.payloadBytes(next);
            toReplay += bytes;
            if (next > countedOnce) {
                countedOnce = next;
                meanwhile += bytes;
            }
        }
        countedTo = Math.max(countedTo, seq);
    }

    private long left() {
        return imageLeft < 0 || countedTo < changes.held() ? -1 : imageLeft + toReplay;
    }

    CatchUp status() {
        long now = clock.nanos();
        long left = left();
        long span = now - older.atNanos;
        boolean isMeasured = older.left >= 0 && span >= LEAST_SPAN_NANOS;
        double pace = isMeasured ? (sent - older.sent) / (double) span : 0;
        double nearer = isMeasured && left >= 0 ? (older.left - left) / (double) span : 0;
        return new CatchUp(
                member.node(),
                rung,
                new CatchUp.Figures(predicted, meanwhile, sent, again, left),
                beganMillis,
                now - beganNanos,
                Math.round(pace * NANOS),
                left == 0 ? 0 : nearer > 0 ? Math.round(left / nearer) : -1);
    }
}
