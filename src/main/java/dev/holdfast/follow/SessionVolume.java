package dev.holdfast.follow;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.LedVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A led disk as one path of a session sees it. Its first request binds it; from the first MOVED on, everything is.
 * Nothing of it but its name may be looked at on another loop than the disk's.
 */
final class SessionVolume implements BlockVolume {
    /** The first READ of a path, if it is so long, is answered with its reign and what was lost before which. */
    static final int GREETING_BYTES = 2 * Long.BYTES;

    private final Sessions sessions;
    private final LedVolume led;
    private final Id128 session;
    private final long number;
    private final Optional<SessionVolume> self = Optional.of(this);
    private Optional<Session> bound = Optional.empty();
    private boolean moved;
    private int underWay;

    /** Came while the disk still had something of older paths; in order. */
    private final List<Request> held = new ArrayList<>();

    private final List<Runnable> waiting = new ArrayList<>();
    private boolean roomAsked;
    private boolean wakes;
    private boolean wasGreeted;

    SessionVolume(Sessions sessions, Id128 session, long number) {
        this.sessions = sessions;
        this.led = sessions.led();
        this.session = session;
        this.number = number;
    }

    Id128 session() {
        return session;
    }

    long number() {
        return number;
    }

    @Override
    public Loop loop() {
        return led.loop();
    }

    @Override
    public long sizeBytes() {
        return led.sizeBytes();
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public boolean hasRoom(int lengthBytes) {
        return !serves() || othersUnderWay() == 0 && led.hasRoom(lengthBytes);
    }

    @Override
    public void whenRoom(Runnable task) {
        waiting.add(task);
        if (!serves()) {
            wake();
        } else if (othersUnderWay() == 0) {
            askRoom();
        }
    }

    @Override
    public void submit(Request request) {
        if (!serves()) {
            request.completion().completed(request, Status.MOVED);
        } else if (othersUnderWay() > 0) {
            held.add(request);
        } else {
            led.submit(passing(request));
        }
    }

    @Override
    public void submitWrite(Request request, ByteBuffer data) {
        if (serves()) {
            led.submitWrite(passing(request), data);
        } else {
            data.position(data.position() + (int) request.lengthBytes);
            request.completion().completed(request, Status.MOVED);
        }
    }

    /** Whether a request that comes now may go on to the disk; the first one is what binds this path. */
    private boolean serves() {
        Checks.that(led.loop().isCurrent(), "a disk is used on its loop");
        if (moved) {
            return false;
        }
        if (bound.isEmpty()) {
            bound = sessions.bind(this);
        }
        moved = bound.isEmpty() || !lasts(bound.get());
        return !moved;
    }

    private boolean lasts(Session present) {
        boolean sameReign = sessions.reignNow() == present.reign() && !present.isOver();
        boolean reigns = sameReign || Mutant.on("follow.path-outlives-reign") && sessions.reignNow() != 0;
        return reigns && (present.isSpeaker(this) || Mutant.on("follow.older-paths-serve"));
    }

    private Request passing(Request request) {
        underWay++;
        bound.orElseThrow().began();
        boolean greets = !wasGreeted && request.kind == Request.Kind.READ && request.lengthBytes == GREETING_BYTES;
        wasGreeted = true;
        return sessions.passage().begin(self, request, greets);
    }

    /** Requests that the disk has from other paths of the session, which are older. */
    private int othersUnderWay() {
        return Mutant.on("follow.older-paths-under-way")
                ? 0
                : bound.orElseThrow().underWay() - underWay;
    }

    /** Puts what a client has to know of a new path. */
    void putGreeting(ByteBuffer out, int at) {
        out.putLong(at, bound.orElseThrow().reign());
        out.putLong(at + Long.BYTES, led.lostBefore());
    }

    /** One request has ended. */
    void passed() {
        underWay--;
        bound.orElseThrow().completed();
    }

    /** One request of the session has ended. */
    void otherEnded() {
        if (othersUnderWay() == 0 && (!held.isEmpty() || !waiting.isEmpty())) {
            wake();
        }
    }

    /** Whoever waits here looks again, in a later turn. */
    void wake() {
        if (!wakes) {
            wakes = true;
            led.loop().post(this::woken);
        }
    }

    private void woken() {
        wakes = false;
        if (bound.isPresent() && !moved && serves() && othersUnderWay() > 0) {
            return;
        }
        List<Request> again = List.copyOf(held);
        held.clear();
        again.forEach(this::submit);
        List<Runnable> told = List.copyOf(waiting);
        waiting.clear();
        told.forEach(Runnable::run);
    }

    private void askRoom() {
        if (!roomAsked) {
            roomAsked = true;
            led.whenRoom(() -> {
                roomAsked = false;
                wake();
            });
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SessionVolume path
                && path.sessions == sessions
                && path.session.equals(session)
                && path.number == number;
    }

    @Override
    public int hashCode() {
        return 31 * session.hashCode() + Long.hashCode(number);
    }
}
