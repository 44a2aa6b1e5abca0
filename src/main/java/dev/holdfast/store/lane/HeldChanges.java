package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes of one shard that are held and wait at the gate, in order of their numbers; who waits for each. */
final class HeldChanges {
    private long[] entries = new long[16];
    private @Nullable Request[] requests = new @Nullable Request[16];
    private @Nullable ControlChange[] controls = new @Nullable ControlChange[16];
    private int first;
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    void add(long entry, @Nullable Request request, @Nullable ControlChange control) {
        if (count == entries.length) {
            grow();
        }
        int at = first + count & entries.length - 1;
        Checks.that(count == 0 || entry > entries[at - 1 & entries.length - 1], "entries come in order", entry);
        entries[at] = entry;
        requests[at] = request;
        controls[at] = control;
        count++;
    }

    /** Number of the oldest one in the memory log. */
    long firstEntry() {
        Checks.that(count > 0, "something waits at the gate");
        return entries[first];
    }

    @Nullable
    Request firstRequest() {
        return requests[first];
    }

    @Nullable
    ControlChange firstControl() {
        return controls[first];
    }

    /** All stay, and nobody waits for them any more: who did goes into the lists. */
    void forgetWaiters(List<Request> withRequests, List<ControlChange> withControls) {
        for (int i = 0; i < count; i++) {
            note(first + i & entries.length - 1, withRequests, withControls);
        }
    }

    private void note(int at, List<Request> withRequests, List<ControlChange> withControls) {
        Request request = requests[at];
        ControlChange control = controls[at];
        if (request != null) {
            withRequests.add(request);
        }
        if (control != null) {
            withControls.add(control);
        }
        requests[at] = null;
        controls[at] = null;
    }

    /** Number of the newest one in the memory log. */
    long lastEntry() {
        Checks.that(count > 0, "something waits at the gate");
        return entries[first + count - 1 & entries.length - 1];
    }

    /** The newest is taken back; whoever waits for it goes into one of the lists. */
    void removeLast(List<Request> withRequests, List<ControlChange> withControls) {
        Checks.that(count > 0, "something waits at the gate");
        note(first + count - 1 & entries.length - 1, withRequests, withControls);
        count--;
    }

    void removeFirst() {
        Checks.that(count > 0, "something waits at the gate");
        requests[first] = null;
        controls[first] = null;
        first = first + 1 & entries.length - 1;
        count--;
    }

    private void grow() {
        int length = entries.length;
        long[] newEntries = Arrays.copyOf(entries, 2 * length);
        @Nullable Request[] newRequests = Arrays.copyOf(requests, 2 * length);
        @Nullable ControlChange[] newControls = Arrays.copyOf(controls, 2 * length);
        System.arraycopy(entries, 0, newEntries, length, first);
        System.arraycopy(requests, 0, newRequests, length, first);
        System.arraycopy(controls, 0, newControls, length, first);
        entries = newEntries;
        requests = newRequests;
        controls = newControls;
    }
}
