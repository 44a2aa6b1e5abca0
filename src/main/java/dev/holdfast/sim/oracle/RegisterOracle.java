package dev.holdfast.sim.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Judges registers that many clients write and read: each must be linearizable, with every value written at most once.
 * A write of which the outcome is unknown may take effect at any time after its beginning, or never. When all memory
 * that held changes is lost, each register has one of the values between the last flushed and the last written.
 *
 * <p>The test for one register is that of zones (Gibbons and Korach, Testing Shared Memories, 1997): the operations on
 * one value span a zone from their first end to their last beginning; zones in which the value must be there may not
 * overlap, and what fits into one moment may not lie within the zone of another value.
 */
public final class RegisterOracle {
    private static final long NEVER = Long.MAX_VALUE;

    private final TreeMap<Integer, Register> registers = new TreeMap<>();
    private final List<Write> acknowledged = new ArrayList<>();
    private final boolean resends;
    private long time;
    private long losses;
    private long lostAt;

    /** Judges clients that ask once. */
    public RegisterOracle() {
        this(false);
    }

    /**
     * If {@code resends}, clients ask again: what is under way when memory is lost may take effect later still, and its
     * answer may be older than the loss.
     */
    public RegisterOracle(boolean resends) {
        this.resends = resends;
    }

    /** One write. */
    public static final class Write {
        private final long value;
        private final long begun;
        private long ended = NEVER;
        private boolean flushed;

        private Write(long value, long begun) {
            this.value = value;
            this.begun = begun;
        }
    }

    /** A look at a register, or a flush: when it began. */
    public record Begun(int register, long at) {}

    private record Read(long value, long begun, long ended) {}

    /** A register since memory was last lost; {@code initial} are the values it may have begun with. */
    private static final class Register {
        List<Long> initial = List.of(0L);
        final TreeMap<Long, Write> writes = new TreeMap<>();
        final List<Read> reads = new ArrayList<>();
    }

    /** A write of {@code value}, never written before and not 0, begins. */
    public Write beginWrite(int register, long value) {
        Write write = new Write(value, ++time);
        register(register).writes.put(value, write);
        return write;
    }

    /** It was acknowledged. */
    public void acknowledged(Write write) {
        if (resends && write.begun < lostAt) {
            return; // Perhaps that was said before the loss, and came late.
        }
        write.ended = ++time;
        acknowledged.add(write);
    }

    /** A read begins. */
    public Begun beginRead(int register) {
        return new Begun(register, ++time);
    }

    /** It saw {@code value}. */
    public void saw(Begun read, long value) {
        if (resends && read.at < lostAt) {
            return;
        }
        register(read.register).reads.add(new Read(value, read.at, ++time));
    }

    /** A flush begins. */
    public Begun beginFlush() {
        return new Begun(-1, ++time);
    }

    /** It was acknowledged: what was acknowledged before it began will never be lost. */
    public void flushed(Begun flush) {
        acknowledged.stream().filter(write -> write.ended < flush.at).forEach(write -> write.flushed = true);
        acknowledged.removeIf(write -> write.flushed);
    }

    /** Everything that was not flushed may be lost. */
    public void memoryLost() {
        losses++;
        lostAt = ++time;
        judge();
        acknowledged.clear();
        registers.values().forEach(this::loseMemory);
    }

    /** How often everything that was not flushed may have been lost. */
    public long losses() {
        return losses;
    }

    /** Fails if some register did what none may. */
    public void judge() {
        registers.forEach((number, register) -> judge(register).ifPresent(problem -> {
            throw new OracleViolation("register " + number + ": " + problem);
        }));
    }

    private Register register(int number) {
        return registers.computeIfAbsent(number, absent -> new Register());
    }

    private void loseMemory(Register register) {
        List<Long> may = new ArrayList<>();
        boolean initialFlushedOver = register.writes.values().stream().anyMatch(write -> write.flushed);
        if (!initialFlushedOver) {
            may.addAll(register.initial);
        }
        for (Write write : register.writes.values()) {
            boolean over =
                    register.writes.values().stream().anyMatch(later -> later.flushed && write.ended < later.begun);
            if (!over && !isToCome(write)) {
                may.add(write.value);
            }
        }
        register.initial = may;
        register.writes.values().removeIf(write -> !isToCome(write));
        register.reads.clear();
    }

    private boolean isToCome(Write write) {
        return resends && write.ended == NEVER;
    }

    private static Optional<String> judge(Register register) {
        TreeMap<Long, Zone> zones = new TreeMap<>();
        register.writes.values().stream()
                .filter(write -> write.ended != NEVER)
                .forEach(write -> zones.put(write.value, new Zone(write.ended, write.begun)));
        for (Read read : register.reads) {
            Write write = register.writes.get(read.value);
            if (write == null && !register.initial.contains(read.value)) {
                return Optional.of("a read saw " + read.value + ", which it cannot have");
            }
            if (write != null && read.ended < write.begun) {
                return Optional.of("a read saw " + read.value + " before it was written");
            }
            Zone first = write == null ? new Zone(0, 0) : new Zone(read.ended, write.begun);
            zones.merge(
                    read.value,
                    new Zone(Math.min(first.end, read.ended), Math.max(first.begin, read.begun)),
                    Zone::with);
        }
        return overlap(List.copyOf(zones.entrySet()));
    }

    private static Optional<String> overlap(List<Map.Entry<Long, Zone>> zones) {
        for (int i = 0; i < zones.size(); i++) {
            for (int k = i + 1; k < zones.size(); k++) {
                if (zones.get(i).getValue().excludes(zones.get(k).getValue())) {
                    return Optional.of("no order explains " + zones.get(i) + " and " + zones.get(k));
                }
            }
        }
        return Optional.empty();
    }

    /** From the first end to the last beginning of the operations on a value; the other way round: a moment will do. */
    private record Zone(long end, long begin) {
        Zone with(Zone other) {
            return new Zone(Math.min(end, other.end), Math.max(begin, other.begin));
        }

        boolean excludes(Zone other) {
            boolean oneLasts = end < begin || other.end < other.begin;
            return oneLasts && end < other.begin && other.end < begin;
        }
    }
}
