package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.sim.random.SimRandom;
import java.util.Arrays;

/**
 * Virtual time and the heap of events to come. Events run one at a time in order of their due time; among events due
 * at the same nanosecond the seed decides. It knows nothing of loops or disks.
 */
public final class Scheduler {
    private final SimRandom random;
    private final EventLog log = new EventLog();
    private Event[] heap = new Event[256];
    private int size;
    private long nowNanos;
    private int owners;

    Scheduler(SimRandom random) {
        this.random = random;
        Arrays.fill(heap, Event.NONE);
    }

    /** Virtual nanoseconds since the world began. */
    public long nowNanos() {
        return nowNanos;
    }

    /** What has happened. */
    public EventLog log() {
        return log;
    }

    int nextOwnerId() {
        return owners++;
    }

    /** Runs {@code task} {@code delayNanos} from now, if {@code owner} is alive then. */
    Event after(long delayNanos, Owner owner, EventKind kind, long detail, Runnable task) {
        Checks.that(delayNanos >= 0, "a delay is not negative", delayNanos);
        long dueNanos = nowNanos + delayNanos;
        Checks.that(dueNanos >= nowNanos, "virtual time has not run out", delayNanos);
        Event event = new Event(dueNanos, random.nextLong(), owner, kind, detail, task);
        push(event);
        return event;
    }

    /** Runs the next live event; false if there is none. */
    boolean step() {
        while (size > 0) {
            Event event = pop();
            if (event.isLive()) {
                Checks.that(event.dueNanos >= nowNanos, "time goes forward", event.dueNanos, nowNanos);
                nowNanos = event.dueNanos;
                log.add(nowNanos, event.owner.label(), event.owner.id(), event.kind, event.detail);
                event.run();
                return true;
            }
        }
        return false;
    }

    /** When the next live event is due; {@link Long#MAX_VALUE} if there is none. */
    long nextDueNanos() {
        while (size > 0 && !heap[0].isLive()) {
            pop();
        }
        return size == 0 ? Long.MAX_VALUE : heap[0].dueNanos;
    }

    /** Lets time pass to {@code untilNanos} where nothing is due before. */
    void idleUntil(long untilNanos) {
        Checks.that(untilNanos >= nowNanos && untilNanos <= nextDueNanos(), "nothing is skipped", untilNanos);
        nowNanos = untilNanos;
    }

    private void push(Event event) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
            Arrays.fill(heap, size, heap.length, Event.NONE);
        }
        int at = size++;
        while (at > 0 && event.isBefore(heap[(at - 1) >>> 1])) {
            heap[at] = heap[(at - 1) >>> 1];
            at = (at - 1) >>> 1;
        }
        heap[at] = event;
    }

    private Event pop() {
        Event first = heap[0];
        Event last = heap[--size];
        heap[size] = Event.NONE;
        int at = 0;
        while (2 * at + 1 < size) {
            int child = 2 * at + 1;
            if (child + 1 < size && heap[child + 1].isBefore(heap[child])) {
                child++;
            }
            if (!heap[child].isBefore(last)) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        if (size > 0) {
            heap[at] = last;
        }
        return first;
    }
}
