package dev.holdfast.node;

import dev.holdfast.frontend.http.Event;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.io.Clock;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What happened lately with mirrored volumes and nodes, as this node saw it: in memory, the newest thousand. */
final class Events {
    static final int MOST = 1000;

    private final Clock clock;
    private final Supplier<String> self;
    private final ArrayDeque<Event> ring = new ArrayDeque<>();
    private long newest;

    /** None yet; {@code self} is the name of this node. */
    Events(Clock clock, Supplier<String> self) {
        this.clock = clock;
        this.self = self;
    }

    /** Something happened with {@code volume}, or, if that is empty, with none. */
    void add(String volume, String what) {
        add(volume, what, Optional.empty());
    }

    /** The same, with the figures of a catch-up that came to its end. */
    void add(String volume, String what, Optional<NodeStatus.Behind> caughtUp) {
        if (ring.size() == MOST) {
            ring.removeFirst();
        }
        ring.addLast(new Event(++newest, clock.wallMillis(), self.get(), volume, what, caughtUp));
    }

    /** Those after number {@code after}, oldest first, with {@code volume} or, if that is empty, all. */
    List<Event> after(long after, String volume) {
        return ring.stream()
                .filter(event -> event.number() > after)
                .filter(event -> volume.isEmpty() || volume.equals(event.volume()))
                .toList();
    }
}
