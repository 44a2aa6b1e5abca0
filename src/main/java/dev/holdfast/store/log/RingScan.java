package dev.holdfast.store.log;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds out how far the ring goes after a root, and whether anything that was complete is missing (L7). It applies
 * nothing: {@link ReplaySet} reads the same records again, but for the last one, which is kept.
 *
 * <p>It takes records as long as they follow each other, then looks over the whole rest of the ring, once and in order,
 * for a later one of this pool and open. Since at most one record is ever under way, a later one proves that all before
 * it were complete. Nothing may be written under the scanned open counter afterwards.
 *
 * <ul>
 *   <li><b>I1</b> END is said only after every place where a later record could be was looked at on every member.
 *   <li><b>I2</b> A payload is called lost only if no member's copy and no trusted memory has it.
 *   <li><b>I3</b> A lost payload of anything but a write is a damaged record: there is no range to make unreadable.
 * </ul>
 */
public final class RingScan {
    private final Array array;
    private final List<MemoryScan> trusted;
    private final AppliedSeq applied;
    private final Consumer<RingVerdict> done;
    private final RingStart start;
    private final RingWalk walk;
    private final List<RingFound.LostPayload> unreadable = new ArrayList<>();
    private final List<Rewind> rewinds = new ArrayList<>();
    private final List<RingFound.LostPayload> lastLost = new ArrayList<>();
    private long unreadableCount;
    private long lastLostCount;
    private boolean lastBlind;
    private long records;
    private long entries;
    private long lastEntries;
    private RingStart last;
    private final ByteBuffer lastBytes;
    private long lastPosition;
    private boolean looking;
    private boolean controlLost;
    private boolean ended;
    private RingStart hole;
    private long place;
    private long laterRecords;
    private long laterEntries;
    private long laterBytes;

    /**
     * A scan that has not begun.
     *
     * @param start what the newest root says
     * @param trusted memory that may help out with payloads
     * @param applied what the root covers: payloads of those changes do not matter
     * @param done told once, on {@code loop}
     */
    public RingScan(
            Array array,
            RingStart start,
            List<MemoryScan> trusted,
            AppliedSeq applied,
            Loop loop,
            Consumer<RingVerdict> done) {
        this.array = array;
        this.start = start;
        this.trusted = List.copyOf(trusted);
        this.applied = applied;
        this.done = done;
        last = start;
        hole = start;
        lastBytes =
                ByteBuffer.allocate(RingRecord.maxRecordBytes(array.logBytes())).limit(0);
        walk = new RingWalk(array, start, LastRecord.NONE, loop, this::run);
    }

    /** Begins. */
    public void start() {
        run();
    }

    private void run() {
        Checks.that(!ended, "a scan ends once");
        if (!looking && !takeRecords()) {
            return;
        }
        if (lookAhead()) {
            ended = true;
            done.accept(verdict());
        }
    }

    /** False when it must wait. */
    private boolean takeRecords() {
        while (!controlLost) {
            RingStart before = walk.expected();
            switch (walk.next()) {
                case WAIT -> {
                    return false;
                }
                case NONE -> {
                    beginLooking(walk.expected());
                    return true;
                }
                case RECORD -> takeRecord(before);
            }
        }
        beginLooking(walk.expected());
        return true;
    }

    private void beginLooking(RingStart from) {
        Checks.that(!looking, "looked ahead once, after the records");
        Checks.that(from.number() == start.number() + records, "every record was counted", from.number(), records);
        looking = true;
        hole = from;
        place = from.position();
    }

    private void takeRecord(RingStart before) {
        Checks.that(before.number() + 1 == walk.expected().number(), "records are consecutive", before.number());
        settleLast();
        last = before;
        lastEntries = walk.entries();
        records++;
        entries += lastEntries;
        long payload = walk.payloadPosition();
        for (int i = 0; i < lastEntries; i++) {
            int descriptor = walk.descriptorAt(i);
            int slots = Entry.slots(walk.area(), descriptor);
            if (Entry.kind(walk.area(), descriptor) == EntryKind.REWIND) {
                noteRewind(descriptor);
            } else if (!isUsable(descriptor, payload)) {
                noteLost(descriptor, payload, slots);
            }
            payload += (long) slots * Entry.SLOT_BYTES;
        }
        walk.copyRecord(lastBytes);
        lastPosition = walk.position();
    }

    private boolean isUsable(int descriptor, long payload) {
        int shard = Entry.shard(walk.area(), descriptor);
        long seq = Entry.seq(walk.area(), descriptor);
        if (seq <= applied.of(shard) || walk.intactCopy(descriptor, payload) >= 0) {
            return true;
        }
        for (MemoryScan memory : trusted) {
            if (memory.holds(walk.area(), descriptor)) {
                Marks.reached("log.payload-from-memory");
                return true;
            }
        }
        return false;
    }

    private void noteRewind(int descriptor) {
        int shard = Entry.shard(walk.area(), descriptor);
        long entry = Entry.number(walk.area(), descriptor);
        rewinds.add(new Rewind(shard, entry, Entry.offset(walk.area(), descriptor)));
    }

    private void noteLost(int descriptor, long payload, int slots) {
        lastLostCount++;
        lastBlind |= slots > 0 && !walk.windows().isReadable(payload, slots * Entry.SLOT_BYTES);
        controlLost |= Entry.kind(walk.area(), descriptor) != EntryKind.WRITE;
        if (unreadable.size() + lastLost.size() < RingFound.MAX_LISTED) {
            lastLost.add(new RingFound.LostPayload(
                    Entry.shard(walk.area(), descriptor),
                    Entry.seq(walk.area(), descriptor),
                    Entry.offset(walk.area(), descriptor),
                    Entry.length(walk.area(), descriptor)));
        }
    }

    /** A later record proves that the last one was complete: what is lost of it is really lost. */
    private void settleLast() {
        unreadable.addAll(lastLost);
        unreadableCount += lastLostCount;
        lastLost.clear();
        lastLostCount = 0;
        lastBlind = false;
    }

    /** Over the rest of the ring, up to where it began, every 4096 bytes. False when it must wait. */
    private boolean lookAhead() {
        long end = start.position() + array.logBytes();
        while (place < end) {
            if (!walk.windows().ensure(place, walk.areaBytesAt(place))) {
                return false;
            }
            place += later(place);
        }
        return true;
    }

    /** Counts a later record at {@code place}, if there is one; answers how far to go on. */
    private int later(long at) {
        for (int i = 0; i < walk.windows().copies(); i++) {
            if (walk.isLaterRecord(i, at)) {
                int header = walk.at(at);
                int payloadBytes = RingRecord.payloadBytes(walk.windows().bytes(i), header);
                laterRecords++;
                laterEntries += RingRecord.entries(walk.windows().bytes(i), header);
                laterBytes += payloadBytes;
                return RingRecord.areaBytes(walk.windows().bytes(i), header) + payloadBytes;
            }
        }
        return Entry.SLOT_BYTES;
    }

    private RingVerdict verdict() {
        Checks.that(place >= start.position() + array.logBytes(), "every place was looked at", place);
        if (laterRecords > 0 && !Mutant.on("log.accept-hole")) {
            return damaged();
        }
        RingFound found = found(lastLostCount > 0);
        if (walk.isBlind() || lastBlind) {
            Marks.reached("log.ring-unreadable");
            long number = walk.isBlind() ? hole.number() : last.number();
            return new RingVerdict.Unreadable(
                    found, "no device can read where log record " + number + " is or would be; " + found.summary());
        }
        return new RingVerdict.End(found);
    }

    private RingVerdict damaged() {
        Marks.reached("log.ring-damaged");
        if (controlLost) {
            hole = last;
            records--;
            entries -= lastEntries;
            lastLost.clear();
            lastLostCount = 0;
            laterRecords++;
            laterEntries += lastEntries;
        } else {
            settleLast();
        }
        String where =
                "log record " + hole.number() + " at " + hole.position() % array.logBytes() + " is damaged, but ";
        String lost = laterRecords + " later records with " + laterEntries + " changes are there";
        return new RingVerdict.Damaged(found(false), laterRecords, laterEntries, laterBytes, where + lost);
    }

    private RingFound found(boolean torn) {
        if (torn) {
            Marks.reached("log.ring-torn-tail");
        }
        RingFound.LostPayloads lost = new RingFound.LostPayloads(List.copyOf(unreadable), unreadableCount);
        LastRecord kept = new LastRecord(lastPosition, lastBytes, torn);
        return new RingFound(start, entries, hole, kept, lost, List.copyOf(rewinds));
    }
}
