package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Requests and others that wait until a log has come somewhere. They are told in the order they came: one that could be
 * told earlier waits for those before it. It knows nothing of why a log moves.
 */
final class Waiters {
    private final ArrayDeque<Control> controls = new ArrayDeque<>();
    private @Nullable Request head;
    private @Nullable Request tail;
    private long newest;

    private record Control(long position, ControlDone done) {}

    /** Whether nobody waits. */
    boolean isEmpty() {
        return head == null && controls.isEmpty();
    }

    /** {@code request} waits for {@code position}. */
    void add(Request request, long position) {
        Checks.that(request.next == request, "a request waits in one place at a time", request.cookie);
        newest = Math.max(newest, position);
        request.waitsFor = newest;
        if (tail == null) {
            head = request;
        } else {
            tail.next = request;
        }
        tail = request;
    }

    /** {@code done} waits for {@code position}. */
    void add(ControlDone done, long position) {
        newest = Math.max(newest, position);
        controls.add(new Control(newest, done));
    }

    /** The log has come to {@code position}: who waits for that is told {@code status}. */
    void tellUpTo(long position, Status status) {
        Checks.that(position >= 0, "a log has a position", position);
        while (head != null && head.waitsFor <= position) {
            Request request = head;
            head = request.next == request ? null : request.next;
            if (head == null) {
                tail = null;
            }
            request.next = request;
            request.completion().completed(request, status);
        }
        while (!controls.isEmpty() && controls.getFirst().position() <= position) {
            controls.removeFirst().done().done(status);
        }
    }
}
