package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.frontend.http.Event;
import dev.holdfast.io.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The ring of events: what it lets go, and what it lists. */
final class EventsTest {
    private final Clock clock = new Clock() {
        @Override
        public long nanos() {
            return 0;
        }

        @Override
        public long wallMillis() {
            return 5;
        }
    };
    private final Events events = new Events(clock, () -> "a");

    @Test
    void itKeepsTheNewestThousandAndListsThemFromANumberOn() {
        for (int i = 1; i <= Events.MOST + 7; i++) {
            events.add(i % 2 == 0 ? "v" : "", "event " + i);
        }
        List<Event> all = events.after(0, "");
        assertEquals(Events.MOST, all.size());
        assertEquals(8, all.getFirst().number());
        assertEquals(
                List.of(new Event(Events.MOST + 7, 5, "a", "", "event 1007", Optional.empty())),
                events.after(Events.MOST + 6, ""));
        assertEquals(
                List.of(1004L, 1006L),
                events.after(1002, "v").stream().map(Event::number).toList());
    }
}
