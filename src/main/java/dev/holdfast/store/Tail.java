package dev.holdfast.store;

import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.lane.LaneBudget;
import dev.holdfast.store.log.Entry;
import dev.holdfast.store.log.LogIdentity;
import dev.holdfast.store.log.LogView;
import dev.holdfast.store.log.MemoryLog;
import dev.holdfast.store.log.ReplayEntry;
import dev.holdfast.store.log.RingRecord;
import dev.holdfast.store.log.RingStart;
import dev.holdfast.store.log.RingWriter;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.RootWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What mirrored shards had beyond the newest root when a process or the power went: from the replay to the memory logs
 * of this run, unapplied. No root covers it, so before the old memory is given up it is written into the ring, under
 * the open counter that the next root has. It applies nothing and makes no root.
 *
 * <ul>
 *   <li><b>T1</b> Every change is in a durable record under the new counter before a root with that counter begins.
 *   <li><b>T2</b> No record of the counter was written by an earlier start: it was reserved in a durable root of this
 *       one ({@link Committer#reserveCounter}).
 *   <li><b>T3</b> Records hold the changes under the numbers that they get in the memory logs of this run.
 *   <li><b>T4</b> What the newest root needs of the ring is not written over.
 *   <li><b>T5</b> There is room for that: while the pool serves, half of the ring stays free and lanes hold no more.
 * </ul>
 */
final class Tail {
    private static final long RETRY_NANOS = 1_000_000_000L;

    private final Core core;
    private final RootWriter roots;
    private final int bytesPerLane;
    private final TreeMap<Integer, MemoryLog> lanes = new TreeMap<>();
    private final List<GroupCommit.Written> records = new ArrayList<>();
    private final TreeSet<Integer> ended = new TreeSet<>();
    private final List<String> notes = new ArrayList<>();
    private final int laneCount;
    private boolean isFull;
    private Optional<RingStart> nextRecord = Optional.empty();
    private Ended told = why -> {};

    /** Told once, when all is durable or cannot be. */
    interface Ended {
        /** Empty if all is durable; else one line for people. */
        void ended(String why);
    }

    Tail(Core core, RootWriter roots, int laneCount, int bytesPerLane) {
        this.core = core;
        this.roots = roots;
        this.laneCount = laneCount;
        this.bytesPerLane = bytesPerLane;
    }

    /** How much of a ring stays free while the pool has mirrored shards (T5). */
    static long keptBytes(long logBytes) {
        return logBytes / 2;
    }

    /**
     * How many bytes all mirrored shards of a pool may hold that no root covers: with what their records take besides,
     * and with what is lost at the end of a lap, that fits into {@link #keptBytes} (T5).
     */
    static long mostBytes(long logBytes) {
        long most = (keptBytes(logBytes) - RingRecord.maxRecordBytes(logBytes)) / 2;
        Checks.that(most > 0, "a ring has room for a tail", logBytes);
        return most;
    }

    /**
     * One more change of a mirrored shard of {@code lane}; those of a shard come in order. Only the loop that has the
     * changes at the moment calls this.
     */
    void keep(int lane, ReplayEntry entry) {
        if (isFull || ended.contains(entry.shard())) {
            return;
        }
        if (entry.isUnreadable()) {
            ended.add(entry.shard());
            notes.add("shard " + entry.shard() + ": the bytes of change " + entry.seq()
                    + " are lost, so what it holds ends before it");
            return;
        }
        MemoryLog log = lanes.computeIfAbsent(lane, index -> log(index, bytesPerLane));
        int start = (int) (entry.offset() % Entry.SLOT_BYTES);
        if (!log.room(entry.payload().remaining(), start) || log.entriesLeft() <= LaneBudget.LEAST_ENTRIES) {
            isFull = true;
            return;
        }
        log.append(
                entry.kind(),
                entry.flags(),
                entry.shard(),
                entry.epoch(),
                entry.seq(),
                entry.offset(),
                entry.length(),
                entry.payload());
    }

    /** For people: where a tail ends early. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    /**
     * Makes all of it durable (T1), from {@code next} on.
     *
     * @param neededFrom the ring from here to {@code next} is not touched (T4)
     */
    void write(RingStart next, long neededFrom, Ended then) {
        Checks.that(core.loop.isCurrent() && records.isEmpty(), "on the committer's loop, once");
        told = then;
        if (isFull) {
            then.ended("what mirrored volumes hold does not fit into this memory: start with as much as before");
        } else if (lanes.isEmpty() || Mutant.on("store.tail-not-logged")) {
            then.ended("");
        } else {
            List<LogView> views = new ArrayList<>();
            for (int lane = 0; lane < laneCount; lane++) {
                MemoryLog log = lanes.get(lane);
                views.add(log == null ? log(lane, MemoryLog.MIN_REGION_BYTES).view() : log.view());
            }
            long cp = roots.newest().number().cp();
            new Writing(new RingWriter(views, next, neededFrom, cp, core.array.logBytes())).next();
        }
    }

    /** Where the next record goes; {@code begin} if there is none yet. */
    RingStart nextRecord(RingStart begin) {
        return nextRecord.orElse(begin);
    }

    /** The records, in order. */
    List<GroupCommit.Written> records() {
        return List.copyOf(records);
    }

    /** T3: what belongs into the memory log of a lane, in front of everything else. */
    void moveInto(int lane, MemoryLog log) {
        Checks.that(log.published() == 0, "the tail comes first", lane);
        MemoryLog from = lanes.get(lane);
        if (from == null) {
            return;
        }
        LogView view = from.view();
        ByteBuffer bytes = view.descriptors();
        for (long entry = 0; entry < from.published(); entry++) {
            int at = view.at(entry);
            int payloadAt = Entry.firstSlot(bytes, at) * Entry.SLOT_BYTES + Entry.payloadStart(bytes, at);
            long number = log.append(
                    Entry.kind(bytes, at),
                    Entry.flags(bytes, at),
                    Entry.shard(bytes, at),
                    Entry.epoch(bytes, at),
                    Entry.seq(bytes, at),
                    Entry.offset(bytes, at),
                    Entry.length(bytes, at),
                    view.slotBytes().slice(payloadAt, Entry.payloadLength(bytes, at)));
            Checks.that(number == entry, "a change has the number that its record says", number, entry);
        }
    }

    /** A log that nobody looks for. */
    private MemoryLog log(int lane, int lengthBytes) {
        ByteBuffer region = ByteBuffer.allocateDirect(lengthBytes + Entry.SLOT_BYTES)
                .alignedSlice(Entry.SLOT_BYTES)
                .slice(0, lengthBytes);
        return MemoryLog.label(region, new LogIdentity(0, 0, 0, 0, 0), lane, laneCount);
    }

    /** One record after another. */
    private final class Writing {
        private final RingWriter ring;
        private final long[] from = new long[laneCount];
        private final long[] to = new long[laneCount];

        Writing(RingWriter ring) {
            this.ring = ring;
            for (int lane = 0; lane < laneCount; lane++) {
                MemoryLog log = lanes.get(lane);
                to[lane] = log == null ? 0 : log.published();
            }
        }

        void next() {
            if (Arrays.equals(from, to)) {
                told.ended("");
            } else if (ring.build(from, to)) {
                write();
            } else {
                told.ended("the log has no room for what mirrored volumes hold twice");
            }
        }

        private void write() {
            core.array.writeLog(
                    ring.offset(), ring.parts(), ring.partCount(), core.loop, (token, outcome) -> done(outcome), 0);
        }

        private void done(ArrayOutcome outcome) {
            switch (outcome) {
                case OK -> roots.whenSettled(this::durable);
                case MEMBER_LOST -> {
                    core.trouble.memberLost();
                    roots.whenSettled(this::durable);
                }
                case NO_SPACE -> {
                    core.trouble.hostFull();
                    core.loop.after(RETRY_NANOS, this::write);
                }
                case FAILED -> core.trouble.failed("no device of the pool takes log records");
            }
        }

        private void durable() {
            RingStart at = ring.next();
            ring.written();
            for (int lane = 0; lane < laneCount; lane++) {
                from[lane] = ring.takenTo(lane);
            }
            records.add(new GroupCommit.Written(at, from.clone()));
            nextRecord = Optional.of(ring.next());
            next();
        }
    }
}
