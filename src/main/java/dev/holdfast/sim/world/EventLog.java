package dev.holdfast.sim.world;

import dev.holdfast.sim.random.SimRandom;

/**
 * What has happened so far: a 64-bit rolling hash of every event, and the last events for people. Two runs of one seed
 * must end with equal hashes. It keeps no event's objects alive.
 */
public final class EventLog {
    private static final int KEPT = 1 << 12;
    private static final EventKind[] KINDS = EventKind.values();

    private final long[] times = new long[KEPT];
    private final long[] details = new long[KEPT];
    private final String[] actors = new String[KEPT];
    private final byte[] kinds = new byte[KEPT];
    private long count;
    private long hash;

    /** Counts one event at {@code nowNanos}; {@code actorId} stands for {@code actor} in the hash. */
    void add(long nowNanos, String actor, int actorId, EventKind kind, long detail) {
        int slot = (int) (count & (KEPT - 1));
        times[slot] = nowNanos;
        details[slot] = detail;
        actors[slot] = actor;
        kinds[slot] = (byte) kind.ordinal();
        count++;
        long event = nowNanos * 0x9E3779B97F4A7C15L + detail * 0xD1B54A32D192ED03L + actorId * 31L + kind.ordinal();
        hash = SimRandom.mix(hash + event + 1);
    }

    /** Events so far. */
    public long count() {
        return count;
    }

    /** The rolling hash over (time, actor, kind, detail) of every event so far. */
    public long hash() {
        return hash;
    }

    /** The last events, oldest first, at most {@code lines} lines; runs of alike events share one line. */
    public String tail(int lines) {
        StringBuilder text = new StringBuilder();
        long first = Math.max(0, count - KEPT);
        int written = 0;
        long at = count;
        while (at > first && written < lines) {
            long end = at - 1;
            at = end;
            while (at > first && alike(at - 1, end)) {
                at--;
            }
            text.insert(0, line(at, end));
            written++;
        }
        return text.toString();
    }

    private boolean alike(long one, long other) {
        int first = (int) (one & (KEPT - 1));
        int second = (int) (other & (KEPT - 1));
        return kinds[first] == kinds[second] && actors[first].equals(actors[second]);
    }

    private String line(long from, long to) {
        int first = (int) (from & (KEPT - 1));
        int last = (int) (to & (KEPT - 1));
        String times9 = String.format("%,18d ns  %-16s %-8s", times[first], actors[first], KINDS[kinds[first]]);
        if (from == to) {
            return times9 + " " + details[first] + System.lineSeparator();
        }
        return times9 + " " + details[first] + " .. " + details[last] + "  (" + (to - from + 1) + " times)"
                + System.lineSeparator();
    }
}
