package dev.holdfast.follow;

import dev.holdfast.base.Mutant;
import dev.holdfast.frontend.nbd.client.Opening;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Looks for who leads: in rounds, an attempt at every place that has none. Each attempt has its own number, so it does
 * not matter how many there are and in which order they end; the first that succeeds is the path, the others are
 * dropped.
 */
final class Search {
    private final Followed what;
    private final Places places;
    private final Loop loop;
    private final Clock clock;
    private final Consumer<Path> found;
    private final List<Attempt> attempts = new ArrayList<>();
    private Optional<Path> without = Optional.empty();
    private boolean isOn;
    private Timer next = () -> {};
    private long pauseNanos;
    private long number;
    private String trouble = "";

    Search(Followed what, Places places, Loop loop, Clock clock, Consumer<Path> found) {
        this.what = what;
        this.places = places;
        this.loop = loop;
        this.clock = clock;
        this.found = found;
    }

    boolean isOn() {
        return isOn;
    }

    /** What the last attempt that failed met, for people; empty if nothing has. */
    String trouble() {
        return trouble;
    }

    long sizeBytes() {
        return what.sizeBytes();
    }

    /** Begins, if it has not; the place of {@code not} is not tried. */
    void begin(Optional<Path> not) {
        without = not;
        if (isOn) {
            return;
        }
        isOn = true;
        if (pauseNanos == 0) {
            round();
        } else {
            next = loop.after(pauseNanos, this::round); // What was found last has answered nothing.
        }
    }

    /** Ends it; what is under way is dropped. */
    void end() {
        isOn = false;
        next.cancel();
        List<Attempt> dropped = List.copyOf(attempts);
        attempts.clear();
        dropped.forEach(Attempt::drop);
    }

    /** A path has answered what it was found for: the next search begins at once. */
    void worked() {
        pauseNanos = 0;
    }

    void failed(Attempt attempt, String reason) {
        attempts.remove(attempt);
        trouble = attempt.address().map(Address::toString).orElse("here") + ": " + reason;
    }

    void succeeded(Attempt attempt, Path path) {
        attempts.remove(attempt);
        end();
        found.accept(path);
    }

    private void round() {
        long now = clock.nanos();
        for (Attempt attempt : List.copyOf(attempts)) {
            if (now - attempt.sinceNanos() >= what.terms().stuckNanos()) {
                attempt.drop();
                failed(attempt, "no answer");
            }
        }
        pauseNanos = Math.clamp(
                2 * pauseNanos, what.terms().firstPauseNanos(), what.terms().longestPauseNanos());
        next = loop.after(pauseNanos, this::round);
        places.here().get().filter(Sessions::leads).ifPresent(sessions -> tryHere(sessions, now));
        places.elsewhere().get().stream().limit(Places.MOST).forEach(address -> tryAt(address, now));
    }

    private void tryHere(Sessions sessions, long now) {
        if (isFree(Optional.empty())) {
            Attempt attempt = new Attempt(this, Optional.empty(), now);
            attempts.add(attempt);
            attempt.ask(sessions.open(what.session(), nextNumber()));
        }
    }

    private void tryAt(Address address, long now) {
        Optional<Address> there = Optional.of(address);
        if (isFree(there)) {
            Attempt attempt = new Attempt(this, there, now);
            attempts.add(attempt);
            String export = new SessionName(what.volume(), what.session(), nextNumber()).toString();
            attempt.opens(Opening.begin(loop, places.network(), address, export, attempt));
        }
    }

    private boolean isFree(Optional<Address> place) {
        boolean isTried = without.filter(path -> path.address().equals(place)).isEmpty();
        return isOn
                && isTried
                && attempts.stream().noneMatch(attempt -> attempt.address().equals(place));
    }

    private long nextNumber() {
        number = Mutant.on("follow.number-used-again") ? 1 : number + 1;
        return number;
    }
}
