package dev.holdfast.sim.workload;

import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.DiskFaults;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimWorld;
import java.util.List;

/**
 * Makes one disk misbehave now and then while a scenario runs: picks a fault, lets it last a while, heals it. It never
 * touches another disk, so what a mirror holds elsewhere stays good.
 */
public final class DiskTrouble {
    /** What may happen. */
    public enum Kind {
        /** Some reads fail. */
        READ_ERRORS,
        /** A few reads fail: none fails as often as the store tries it. */
        FEW_READ_ERRORS,
        /** Some writes fail. */
        WRITE_ERRORS,
        /** Some flushes fail. */
        FLUSH_ERRORS,
        /** Some writes go elsewhere. */
        MISDIRECTED,
        /** Some writes never happen. */
        LOST,
        /** Some reads return old bytes. */
        STALE,
        /** Some reads return other blocks. */
        MISPLACED,
        /** Bits flip in what is read. */
        ROT,
        /** Everything is slow. */
        SLOW,
        /** Nothing ends. */
        STUCK,
        /** Nothing answers. */
        GONE,
        /** No space for blocks never written. */
        FULL
    }

    /** What leaves every byte readable in the end: operations fail or take long, none lies. */
    public static final List<Kind> HONEST = List.of(
            Kind.FEW_READ_ERRORS, Kind.WRITE_ERRORS, Kind.FLUSH_ERRORS, Kind.SLOW, Kind.STUCK, Kind.GONE, Kind.FULL);

    /** What only takes time. */
    public static final List<Kind> LATE = List.of(Kind.SLOW, Kind.STUCK);

    /** What a disk that stays in its array may do: it answers, late or wrong. */
    public static final List<Kind> LYING = List.of(
            Kind.READ_ERRORS, Kind.MISDIRECTED, Kind.LOST, Kind.STALE, Kind.MISPLACED, Kind.ROT, Kind.SLOW, Kind.STUCK);

    /** Everything but a full host file system, which is no fault of one disk. */
    public static final List<Kind> ANY = List.of(
            Kind.READ_ERRORS,
            Kind.WRITE_ERRORS,
            Kind.FLUSH_ERRORS,
            Kind.MISDIRECTED,
            Kind.LOST,
            Kind.STALE,
            Kind.MISPLACED,
            Kind.ROT,
            Kind.SLOW,
            Kind.STUCK,
            Kind.GONE);

    private static final int OFTEN = 300_000;
    private static final int SELDOM = 20_000;
    private static final int FEW = 40_000;

    private final SimWorld world;
    private final String path;
    private final List<Kind> kinds;
    private final SimRandom random;
    private boolean over;
    private boolean quiet;

    /** Trouble of the given kinds with the disk at {@code path} of the world's first machine. */
    public DiskTrouble(SimWorld world, String path, List<Kind> kinds) {
        this.world = world;
        this.path = path;
        this.kinds = List.copyOf(kinds);
        this.random = world.random().split();
    }

    /** Begins, and goes on until {@link #end}. */
    public void begin() {
        world.at(random.below(3_000_000_000L), this::strike);
    }

    /** Heals the disk until {@link #goOn}. */
    public void calm() {
        quiet = true;
        heal();
    }

    /** May strike again. */
    public void goOn() {
        quiet = false;
    }

    /** True while the disk is kept well. */
    public boolean isCalm() {
        return quiet;
    }

    /** Heals the disk, for good. */
    public void end() {
        over = true;
        heal();
    }

    private void strike() {
        if (over) {
            return;
        }
        if (!quiet) {
            world.machine().findDevice(path).ifPresent(this::strike);
        }
        long lastsNanos = random.below(random.oneIn(3) ? 10_000_000_000L : 500_000_000L);
        world.at(lastsNanos, this::healAndGoOn);
    }

    private void strike(SimDevice device) {
        DiskFaults faults = device.faults();
        int rate = random.oneIn(2) ? OFTEN : SELDOM;
        switch (kinds.get(random.below(kinds.size()))) {
            case FEW_READ_ERRORS -> faults.readErrorPerMillion = FEW;
            case READ_ERRORS -> faults.readErrorPerMillion = rate;
            case WRITE_ERRORS -> faults.writeErrorPerMillion = rate;
            case FLUSH_ERRORS -> faults.flushErrorPerMillion = rate;
            case MISDIRECTED -> faults.misdirectedPerMillion = rate;
            case LOST -> faults.lostPerMillion = rate;
            case STALE -> faults.stalePerMillion = rate;
            case MISPLACED -> faults.misplacedPerMillion = rate;
            case ROT -> faults.rotPerMillion = rate;
            case SLOW -> faults.slowness = 1 + random.below(50);
            case STUCK -> faults.stuck = true;
            case GONE -> {
                faults.gone = true;
                device.settle();
            }
            case FULL -> faults.full = true;
        }
    }

    private void healAndGoOn() {
        heal();
        if (!over) {
            world.at(random.below(5_000_000_000L), this::strike);
        }
    }

    private void heal() {
        world.machine().findDevice(path).ifPresent(device -> {
            device.faults().heal();
            device.settle();
        });
    }
}
