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

    Passage(Sessions sessions) {
        this.sessions = sessions;
    }

    /** What to give to the disk for {@code asked}; {@code by} is told when it has ended. */
    Request begin(Optional<SessionVolume> by, Request asked) {
        path = by;
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
        return outer.completion().readSpace(outer);
    }

    @Override
    public void extent(Request request, long lengthBytes, boolean allocated) {
        outer.completion().extent(outer, lengthBytes, allocated);
    }

    @Override
    public void completed(Request request, Status status) {
        SessionVolume by = path.orElseThrow();
        Request asked = outer;
        path = Optional.empty();
        outer = inner;
        sessions.release(this);
        by.passed();
        asked.completion().completed(asked, status);
    }
}
