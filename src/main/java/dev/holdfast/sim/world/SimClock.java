package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;

/**
 * One machine's clock.
 *
 * <p>Faults, and nothing else: its nanoseconds run up to 1 % fast or slow against virtual time and start anywhere;
 * its wall time jumps either way. Nanoseconds never go back.
 */
public final class SimClock implements Clock {
    private static final long MILLION = 1_000_000;
    private static final long START_WALL_MILLIS = 1_767_225_600_000L;

    private final Scheduler scheduler;
    private long baseNanos = 1_000_000_000L;
    private long baseVirtualNanos;
    private long driftPerMillion;
    private long wallOffsetMillis = START_WALL_MILLIS;

    SimClock(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    @Override
    public long nanos() {
        long passedNanos = scheduler.nowNanos() - baseVirtualNanos;
        Checks.that(passedNanos < Long.MAX_VALUE / 10_000, "the clock is set more often than that", passedNanos);
        return baseNanos + passedNanos + Math.floorDiv(passedNanos * driftPerMillion, MILLION);
    }

    @Override
    public long wallMillis() {
        return wallOffsetMillis + nanos() / MILLION;
    }

    /** Makes nanoseconds run {@code perMillion} of a million faster (or slower, if negative) from now on. */
    public void drift(long perMillion) {
        Checks.that(Math.abs(perMillion) <= 10_000, "drift is at most one percent", perMillion);
        baseNanos = nanos();
        baseVirtualNanos = scheduler.nowNanos();
        driftPerMillion = perMillion;
    }

    /** Makes wall time jump by {@code millis}, either way. */
    public void jumpWall(long millis) {
        wallOffsetMillis += millis;
    }

    /** The virtual time in which this clock counts {@code delayNanos}, rounded up. */
    long virtualNanosFor(long delayNanos) {
        if (driftPerMillion == 0) {
            return delayNanos;
        }
        return delayNanos + (delayNanos / MILLION + 1) * Math.max(0, -driftPerMillion * 102 / 100 + 1) + 1;
    }
}
