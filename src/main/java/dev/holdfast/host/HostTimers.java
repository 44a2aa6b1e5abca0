package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Timer;
import java.util.Arrays;

/** The timers of one loop, a binary heap by deadline. It reads no clock: the loop says what time it is. */
final class HostTimers {
    private Entry[] heap = new Entry[16];
    private int count;
    private long nextSequence;

    /** Adds a timer; of two with the same deadline the older runs first. */
    Timer add(HostLoop loop, long deadlineNanos, Runnable task) {
        if (count == heap.length) {
            heap = Arrays.copyOf(heap, count * 2);
        }
        Entry entry = new Entry(loop, deadlineNanos, nextSequence++, task);
        siftUp(count++, entry);
        return entry;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** The earliest deadline; only if there is one. */
    long nextDeadlineNanos() {
        Checks.that(count > 0, "there is a timer");
        return heap[0].deadlineNanos;
    }

    /** Runs every timer due at {@code nowNanos}, earliest first. */
    void runDue(long nowNanos) {
        while (count > 0 && heap[0].deadlineNanos - nowNanos <= 0) {
            Entry entry = heap[0];
            removeAt(0);
            entry.task.run();
        }
    }

    private void removeAt(int index) {
        heap[index].index = -1;
        Entry last = heap[--count];
        heap[count] = last;
        if (index == count) {
            return;
        }
        siftDown(index, last);
        if (last.index == index) {
            siftUp(index, last);
        }
    }

    private void siftUp(int from, Entry entry) {
        int index = from;
        while (index > 0 && entry.isBefore(heap[(index - 1) / 2])) {
            put(index, heap[(index - 1) / 2]);
            index = (index - 1) / 2;
        }
        put(index, entry);
    }

    private void siftDown(int from, Entry entry) {
        int index = from;
        while (2 * index + 1 < count) {
            int child = 2 * index + 1;
            if (child + 1 < count && heap[child + 1].isBefore(heap[child])) {
                child++;
            }
            if (!heap[child].isBefore(entry)) {
                break;
            }
            put(index, heap[child]);
            index = child;
        }
        put(index, entry);
    }

    private void put(int index, Entry entry) {
        heap[index] = entry;
        entry.index = index;
    }

    /** One timer; {@code index} is its place in the heap, -1 once it ran or was cancelled. */
    private static final class Entry implements Timer {
        private final HostLoop loop;
        private final long deadlineNanos;
        private final long sequence;
        private final Runnable task;
        private int index = -1;

        Entry(HostLoop loop, long deadlineNanos, long sequence, Runnable task) {
            this.loop = loop;
            this.deadlineNanos = deadlineNanos;
            this.sequence = sequence;
            this.task = task;
        }

        boolean isBefore(Entry other) {
            long difference = deadlineNanos - other.deadlineNanos;
            return difference < 0 || difference == 0 && sequence < other.sequence;
        }

        @Override
        public void cancel() {
            Checks.that(loop.isCurrent(), "a timer is cancelled on its own loop");
            if (index >= 0) {
                loop.timers().removeAt(index);
            }
        }
    }
}
