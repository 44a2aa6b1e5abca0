package dev.holdfast.follow;

import dev.holdfast.base.Checks;
import java.util.Optional;

/** One session in one reign: which of its paths speaks, and how much the disk has of all of them. */
final class Session {
    private final long reign;
    private Optional<SessionVolume> speaker = Optional.empty();
    private boolean over;
    private int underWay;

    Session(long reign) {
        this.reign = reign;
    }

    long reign() {
        return reign;
    }

    /** Number of the path that speaks. */
    long newest() {
        return speaker.orElseThrow().number();
    }

    /** Requests of all its paths that the disk has. */
    int underWay() {
        return underWay;
    }

    boolean isOver() {
        return over;
    }

    boolean isSpeaker(SessionVolume path) {
        return speaker.isPresent() && speaker.get().equals(path);
    }

    /** {@code path} speaks from now on; who did before is told. */
    void speak(SessionVolume path) {
        Checks.that(speaker.isEmpty() || newest() < path.number(), "numbers grow", path.number());
        Optional<SessionVolume> before = speaker;
        speaker = Optional.of(path);
        before.ifPresent(SessionVolume::wake);
    }

    /** Nobody speaks for it any more. */
    void end() {
        over = true;
        speaker.ifPresent(SessionVolume::wake);
    }

    /** The disk gets a request. */
    void began() {
        underWay++;
    }

    /** The disk has answered one. */
    void completed() {
        underWay--;
        Checks.that(underWay >= 0, "what ends had begun", underWay);
        speaker.ifPresent(SessionVolume::otherEnded);
    }
}
