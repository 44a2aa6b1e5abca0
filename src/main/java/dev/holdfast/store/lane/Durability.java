package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Who waits in a lane until entries of its memory log are durable. It makes nothing durable: it asks the committer,
 * once a turn.
 *
 * <p>Waiters are told in the order they came: one that could be told earlier waits for those before it, which a group
 * commit makes durable with the same write anyway.
 */
final class Durability {
    private final int lane;
    private final Loop loop;
    private final CommitterPort committer;
    private final Runnable ask = this::ask;
    private final ArrayDeque<Control> controls = new ArrayDeque<>();
    private @Nullable Request head;
    private @Nullable Request tail;
    private long logged;
    private long wanted;
    private long asked;
    private boolean willAsk;
    private boolean failed;

    private record Control(long entry, ControlDone done) {}

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
        return head == null && controls.isEmpty();
    }

    /** Completes {@code request} once all entries below {@code entry} are durable; at once if they are. */
    void await(Request request, long entry) {
        if (entry <= logged) {
            request.completion().completed(request, Status.OK);
            return;
        }
        if (failed) {
            request.completion().completed(request, Status.IO_ERROR);
            return;
        }
        Checks.that(request.next == request, "a request waits in one place at a time", request.cookie);
        want(entry);
        request.waitsFor = wanted;
        request.next = request;
        if (tail == null) {
            head = request;
        } else {
            tail.next = request;
        }
        tail = request;
    }

    /** The same for a change that is not one of bytes. */
    void await(ControlDone done, long entry) {
        if (entry <= logged) {
            done.done(Status.OK);
        } else if (failed) {
            done.done(Status.IO_ERROR);
        } else {
            want(entry);
            controls.add(new Control(wanted, done));
        }
    }

    /** Entries below {@code entry} are durable. */
    void logged(long entry) {
        if (entry <= logged) {
            return;
        }
        logged = entry;
        tellUpTo(entry, Status.OK);
    }

    /** Nothing becomes durable any more. */
    void fail() {
        failed = true;
        tellUpTo(Long.MAX_VALUE, Status.IO_ERROR);
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

    private void tellUpTo(long entry, Status status) {
        while (head != null && head.waitsFor <= entry) {
            Request request = head;
            head = request.next == request ? null : request.next;
            if (head == null) {
                tail = null;
            }
            request.next = request;
            request.completion().completed(request, status);
        }
        while (!controls.isEmpty() && controls.getFirst().entry() <= entry) {
            controls.removeFirst().done().done(status);
        }
    }
}
