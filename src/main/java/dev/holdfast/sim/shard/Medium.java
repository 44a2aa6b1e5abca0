package dev.holdfast.sim.shard;

import dev.holdfast.base.Checks;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * What one machine keeps of the shard: {@code held} in memory, which a process death spares; {@code ring} and the root
 * on stable storage. Entry {@code seq} is at index {@code seq - 1}; nothing is ever dropped from the front here, so
 * that every state can be judged; what a real store would have dropped is before {@link #firstKept}.
 */
final class Medium {
    private List<Change> held = new ArrayList<>();
    private List<Change> ring = List.of();
    private TreeMap<Integer, Long> root = new TreeMap<>();
    private History history = History.EMPTY;
    private long logged;
    private long rooted;
    private long durable;

    /** Another number whenever memory was lost. */
    long memory = 1;

    long held() {
        return held.size();
    }

    long logged() {
        return logged;
    }

    long rooted() {
        return rooted;
    }

    History history() {
        return history;
    }

    long firstKept() {
        return Math.min(durable, rooted) + 1;
    }

    /** What is in the ring: the newest entry that a power cut leaves. */
    Position ringEnd() {
        return ring.isEmpty() ? Position.START : ring.getLast().position();
    }

    Change at(long seq) {
        return held.get((int) seq - 1);
    }

    List<Change> from(long first, int most) {
        return held.subList((int) first - 1, (int) Math.min(held.size(), first - 1 + most));
    }

    void hold(Change change) {
        Checks.that(change.seq() == held.size() + 1, "numbers have no gap", change.seq(), held.size());
        held.add(change);
        history = history.with(change.epoch(), change.seq());
    }

    void rewind(long last) {
        Checks.that(last >= rooted, "a root is never newer than a fork", last, rooted);
        held = new ArrayList<>(held.subList(0, (int) last));
        history = history.until(last);
        logged = Math.min(logged, last);
    }

    /** What a group commit up to {@code upTo} will write. */
    List<Change> image(long upTo) {
        return List.copyOf(held.subList(0, (int) Math.min(upTo, held.size())));
    }

    /** {@code image} is on stable storage, in place of what was there. */
    void written(List<Change> image) {
        ring = image;
        int same = 0;
        while (same < Math.min(image.size(), held.size()) && image.get(same).equals(held.get(same))) {
            same++;
        }
        logged = same;
    }

    /** State after entry {@code upTo}, which is held. */
    TreeMap<Integer, Long> state(long upTo) {
        TreeMap<Integer, Long> state = new TreeMap<>(root);
        for (long seq = rooted + 1; seq <= upTo; seq++) {
            state.put(at(seq).block(), at(seq).value());
        }
        return state;
    }

    /** A root that covers everything up to {@code upTo} is durable. */
    void rooted(long upTo) {
        root = state(upTo);
        rooted = upTo;
    }

    void durable(long upTo) {
        durable = Math.max(durable, upTo);
    }

    /** The power went: memory is lost. */
    void powerCut() {
        memory++;
        List<Change> covered = held.subList(0, (int) rooted);
        if (ring.size() < rooted || !ring.subList(0, (int) rooted).equals(covered)) {
            ring = List.copyOf(covered); // Who catches up may have a root of what it never logged.
        }
        held = new ArrayList<>(ring);
        history = History.EMPTY;
        held.forEach(change -> history = history.with(change.epoch(), change.seq()));
        logged = held.size();
    }
}
