package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;

/**
 * Who waits in a lane until entries of its memory log are durable. It makes nothing durable: it asks the committer,
 * once a turn.
 *
 * <p>Waiters are told in the order they came: one that could be told earlier waits for those before it, which a group
 * commit makes durable with the same write anyway.
 */
final class Durability {
    /** Whose flushes have no more changes between them will probably flush the next one as well. */
    private static final int FEW = 8;

    private final int lane;
    private final Loop loop;
    private final CommitterPort committer;
    private final Runnable ask = this::ask;
    private final Waiters waiters = new Waiters();
    private long logged;
    private long wanted;
    private long asked;
    private long flushed;
    private boolean flushesOften;
    private boolean willAsk;
    private boolean failed;
    private boolean twinned;
    private boolean stops;

    Durability(int lane, Loop loop, CommitterPort committer) {
        this.lane = lane;
        this.loop = loop;
        this.committer = committer;
    }

    /** Entries below are durable. */
    long logged() {
        return logged;
    }

    /** Whether nobody waits. */
    boolean isIdle() {
        return waiters.isEmpty();
    }

    /** Somebody flushes: entries below {@code end} are visible. */
    void flushes(long end) {
        flushesOften = end - flushed <= FEW;
        flushed = Math.max(flushed, end);
    }

    /** Entries below {@code end} are held; they are logged at once if a flush is to be expected. */
    void held(long end) {
        flushesOften &= end - flushed <= FEW;
        if (flushesOften && !failed) {
            want(end);
        }
    }

    /** Completes {@code request} once all entries below {@code entry} are durable; at once if they are. */
    void await(Request request, long entry) {
        if (entry <= logged) {
            request.completion().completed(request, Status.OK);
            return;
        }
        if (failed || stops) {
            request.completion().completed(request, failed ? Status.IO_ERROR : Status.SHUTDOWN);
            return;
        }
        want(entry);
        waiters.add(request, wanted);
    }

    /** The same for a change that is not one of bytes. */
    void await(ControlDone done, long entry) {
        if (entry <= logged) {
            done.done(Status.OK);
        } else if (failed || stops) {
            done.done(failed ? Status.IO_ERROR : Status.SHUTDOWN);
        } else {
            want(entry);
            waiters.add(done, wanted);
        }
    }

    /** Entries below {@code entry} are durable. */
    void logged(long entry) {
        if (entry <= logged) {
            return;
        }
        logged = entry;
        waiters.tellUpTo(entry, Status.OK);
    }

    /** A root covers entries below {@code entry}, or they were in the log when the pool began to serve. */
    void rooted(long entry) {
        if (!twinned) {
            logged(entry);
        }
    }

    /**
     * From now on only {@link #logged} counts, and whatever changes waits for it. If the pool {@code begins}, not even
     * what a flush without a change would promise is durable.
     */
    void twinned(boolean begins) {
        twinned = true;
        logged = begins ? -1 : logged;
    }

    /** Roots count too, and nothing waits that need not. */
    void alone() {
        twinned = false;
    }

    /** Whether whatever changes waits until it is durable. */
    boolean isTwinned() {
        return twinned;
    }

    /** Who waits is told that the pool stops. */
    void stopWaiting() {
        stops = true;
        waiters.tellUpTo(Long.MAX_VALUE, Status.SHUTDOWN);
    }

    /** Nothing becomes durable any more. */
    void fail() {
        failed = true;
        waiters.tellUpTo(Long.MAX_VALUE, Status.IO_ERROR);
    }

    private void want(long entry) {
        wanted = Math.max(wanted, entry);
        if (wanted > asked && !willAsk) {
            willAsk = true;
            loop.atEndOfTurn(ask);
        }
    }

    private void ask() {
        willAsk = false;
        Checks.that(wanted >= asked, "what is wanted only grows", wanted, asked);
        if (wanted > logged && !failed) {
            asked = wanted;
            committer.commitWanted(lane, wanted);
        }
    }
}
