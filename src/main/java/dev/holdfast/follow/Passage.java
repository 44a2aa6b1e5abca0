package dev.holdfast.follow;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.nio.ByteBuffer;
import java.util.Optional;

/** One request of a path while the disk has it; pooled. */
final class Passage implements Request.Completion {
    private final Sessions sessions;
    private final Request inner = new Request(this);
    private Request outer = inner;
    private Optional<SessionVolume> path = Optional.empty();

    /** The first request of its path, which is answered with what the path needs to know. */
    private boolean greets;

    private Optional<ByteBuffer> space = Optional.empty();
    private int start;

    Passage(Sessions sessions) {
        this.sessions = sessions;
    }

    /**
     * What to give to the disk for {@code asked}; {@code by} is told when it has ended. A READ that {@code isGreeting}
     * is one of {@link SessionVolume#GREETING_BYTES}.
     */
    Request begin(Optional<SessionVolume> by, Request asked, boolean isGreeting) {
        path = by;
        greets = isGreeting;
        outer = asked;
        inner.kind = asked.kind;
        inner.offset = asked.offset;
        inner.lengthBytes = asked.lengthBytes;
        inner.forceUnitAccess = asked.forceUnitAccess;
        inner.keepAllocated = asked.keepAllocated;
        inner.maxExtents = asked.maxExtents;
        return inner;
    }

    @Override
    public ByteBuffer readSpace(Request request) {
        ByteBuffer found = outer.completion().readSpace(outer);
        if (greets) {
            start = found.position();
            space = Optional.of(found);
        }
        return found;
    }

    @Override
    public void extent(Request request, long lengthBytes, boolean allocated) {
        outer.completion().extent(outer, lengthBytes, allocated);
    }

    @Override
    public void completed(Request request, Status status) {
        SessionVolume by = path.orElseThrow();
        Request asked = outer;
        Status answer = greets ? greet(by, status) : status;
        path = Optional.empty();
        space = Optional.empty();
        outer = inner;
        sessions.release(this);
        by.passed();
        asked.completion().completed(asked, answer);
    }

    /** Whoever leads greets, even if the bytes that were asked for can't be read. */
    private Status greet(SessionVolume by, Status status) {
        if (status == Status.MOVED || status == Status.SHUTDOWN) {
            return status;
        }
        if (space.isEmpty()) {
            readSpace(inner);
        }
        by.putGreeting(space.orElseThrow(), start);
        return Status.OK;
    }
}
