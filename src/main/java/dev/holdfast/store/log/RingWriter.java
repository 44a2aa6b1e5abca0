package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Marks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Builds records of the ring out of what lies in the lanes' memory logs, and knows which part of the ring is free. It
 * does not write to the array and copies no payload.
 *
 * <ul>
 *   <li><b>I1</b> Positions and numbers advance only by {@link #written}; a record that failed is built again at the
 * same
 *       place with the same number.
 *   <li><b>I2</b> A record lies within [trim, trim + logBytes) and never crosses the end of the region.
 *   <li><b>I3</b> Of each lane, records hold entries in order and without a gap between what was asked for.
 * </ul>
 *
 * <p>Use: {@link #build}, then {@code Array.writeLog(offset(), parts(), partCount(), ...)}, and on success {@link
 * #written}. Between build and the end of the write nothing else is called but {@link #trim} and questions.
 */
public final class RingWriter {
    private final Crc32c crc = new Crc32c();
    private final LogView[] lanes;
    private final long logBytes;
    private final int maxRecordBytes;
    private final ByteBuffer area;
    private final ByteBuffer[] parts;
    private final long[] takenTo;
    private RingStart next;
    private long trim;
    private long rootCp;
    private int entries;
    private int payloadSlots;
    private int partCount;
    private long keptBytes;
    private boolean built;
    private long builtPosition;

    /**
     * A writer that goes on where the newest root says.
     *
     * @param next pool, open counter, position and number of the next record
     * @param rootCp cp of that root
     * @param logBytes length of the ring, {@link RingRecord#MIN_RING_BYTES} or more
     */
    public RingWriter(List<LogView> lanes, RingStart next, long rootCp, long logBytes) {
        this(lanes, next, next.position(), rootCp, logBytes);
    }

    /**
     * The same, behind records that are still needed.
     *
     * @param trimmedTo the ring before this position is free
     */
    public RingWriter(List<LogView> lanes, RingStart next, long trimmedTo, long rootCp, long logBytes) {
        Checks.that(logBytes % Entry.SLOT_BYTES == 0, "the ring is whole blocks", logBytes);
        Checks.that(logBytes >= RingRecord.MIN_RING_BYTES, "the ring is long enough", logBytes);
        this.lanes = lanes.toArray(LogView[]::new);
        this.next = next;
        this.rootCp = rootCp;
        this.logBytes = logBytes;
        trim = trimmedTo;
        Checks.that(
                trim <= next.position() && freeBytes() >= 0, "what is needed is in the ring", trim, next.position());
        maxRecordBytes = RingRecord.maxRecordBytes(logBytes);
        area = alignedDirect(RingRecord.MAX_AREA_BYTES);
        parts = new ByteBuffer[1 + maxRecordBytes / Entry.SLOT_BYTES];
        takenTo = new long[lanes.size()];
    }

    static ByteBuffer alignedDirect(int bytes) {
        return ByteBuffer.allocateDirect(bytes + Entry.SLOT_BYTES)
                .alignedSlice(Entry.SLOT_BYTES)
                .slice(0, bytes)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The lane's log has moved to another region. Not between build and the end of the write. */
    public void replaceLane(int lane, LogView view) {
        Checks.that(!built, "no record is under way");
        lanes[lane] = view;
    }

    /**
     * Gathers as many of the entries {@code [from, to)} of each lane as one record takes; at least one lane has some.
     * {@link #takenTo} says how far it came. May be called again instead of {@link #written} when the write failed.
     *
     * @return false when the ring has no room for the next entry: a consistency point must end first
     */
    public boolean build(long[] from, long[] to) {
        long toEnd = logBytes - next.position() % logBytes;
        built = false;
        builtPosition = next.position();
        gather(from, to, maxRecordBytes);
        Checks.that(entries > 0 || !anything(from, to), "every entry fits into an empty record");
        long room = Math.max(0, freeBytes() - keptBytes);
        long here = Math.min(toEnd, room);
        long nextLap = toEnd == logBytes ? 0 : room - toEnd;
        if (lengthBytes() > here) {
            if (lengthBytes() > nextLap) {
                gather(from, to, Math.max(here, nextLap));
            }
            builtPosition += lengthBytes() <= here ? 0 : toEnd;
            Marks.reached("log.ring-wraps");
        }
        if (entries == 0) {
            return false;
        }
        fill(from);
        built = true;
        checkPlace();
        return true;
    }

    /** Records leave {@code bytes} of the ring free from now on. */
    public void keepFree(long bytes) {
        Checks.that(bytes >= 0 && bytes <= logBytes - maxRecordBytes, "the longest record fits", bytes, logBytes);
        keptBytes = bytes;
    }

    /** The record that was built is durable: the next one comes after it. */
    public void written() {
        Checks.that(built, "a record was built");
        checkPlace();
        built = false;
        long position = builtPosition + lengthBytes();
        next = new RingStart(next.poolIdHigh(), next.poolIdLow(), next.openCounter(), position, next.number() + 1);
    }

    /** The ring before {@code position} is free: root {@code cp}, which says to read from there, is durable. */
    public void trim(long position, long cp) {
        Checks.that(position >= trim, "the ring is trimmed forwards", position, trim);
        Checks.that(position <= next.position(), "only what was written is trimmed", position, next.position());
        Checks.that(cp >= rootCp, "roots get newer", cp, rootCp);
        trim = position;
        rootCp = cp;
    }

    /** What to write: the first {@link #partCount} of them, each 4096-aligned in memory and multiples of 4096 long. */
    public ByteBuffer[] parts() {
        return parts;
    }

    /** How many parts the record has. */
    public int partCount() {
        return partCount;
    }

    /** Where in the log region the record goes, in bytes. */
    public long offset() {
        return builtPosition % logBytes;
    }

    /** The logical position at which the record goes. */
    public long position() {
        return builtPosition;
    }

    /** Length of the record in bytes. */
    public int lengthBytes() {
        return entries == 0 ? 0 : RingRecord.areaBytes(entries) + payloadSlots * Entry.SLOT_BYTES;
    }

    /** Entries of {@code lane} below this, of those asked for, are in the record. */
    public long takenTo(int lane) {
        return takenTo[lane];
    }

    /** The ring before is free. */
    public long trimmedTo() {
        return trim;
    }

    /** Where the next record goes: what a root stores at a freeze. */
    public RingStart next() {
        return next;
    }

    /** Bytes that records may still take before a trim; some may be lost at the end of a lap. */
    public long freeBytes() {
        return logBytes - (next.position() - trim);
    }

    /** How full the ring is, 0 to 1. */
    public double usedFraction() {
        return (double) (next.position() - trim) / logBytes;
    }

    /** Whether a record of that length can be written now. */
    public boolean wouldFit(int recordBytes) {
        long toEnd = logBytes - next.position() % logBytes;
        long room = freeBytes() - keptBytes;
        return recordBytes <= maxRecordBytes && (recordBytes <= Math.min(toEnd, room) || toEnd + recordBytes <= room);
    }

    /** Measures: how far each lane comes within {@code limitBytes}. */
    private void gather(long[] from, long[] to, long limitBytes) {
        entries = 0;
        payloadSlots = 0;
        for (int lane = 0; lane < lanes.length; lane++) {
            LogView view = lanes[lane];
            long entry = from[lane];
            Checks.that(entry <= to[lane], "a lane's entries go forwards", entry, to[lane]);
            while (entry < to[lane] && fits(Entry.slots(view.descriptors(), view.at(entry)), limitBytes)) {
                payloadSlots += Entry.slots(view.descriptors(), view.at(entry));
                entries++;
                entry++;
            }
            takenTo[lane] = entry;
        }
    }

    private boolean fits(int slots, long limitBytes) {
        long bytes = RingRecord.areaBytes(entries + 1) + (long) (payloadSlots + slots) * Entry.SLOT_BYTES;
        return entries < RingRecord.MAX_ENTRIES && bytes <= limitBytes;
    }

    /** Copies descriptors and points at payloads; runs of slots that lie together are one part. */
    private void fill(long[] from) {
        area.clear();
        partCount = 1;
        int at = RingRecord.HEADER_BYTES;
        for (int lane = 0; lane < lanes.length; lane++) {
            LogView view = lanes[lane];
            int runs = 0;
            int runStart = 0;
            int runEnd = 0;
            for (long entry = from[lane]; entry < takenTo[lane]; entry++, at += Entry.BYTES) {
                int source = view.at(entry);
                area.put(at, view.descriptors(), source, Entry.BYTES);
                int first = Entry.firstSlot(view.descriptors(), source);
                int slots = Entry.slots(view.descriptors(), source);
                if (slots > 0 && first != runEnd) {
                    runs = addRun(view, runs, runStart, runEnd);
                    runStart = first;
                    runEnd = first;
                }
                runEnd += slots;
            }
            addRun(view, runs, runStart, runEnd);
        }
        Checks.that(at == RingRecord.HEADER_BYTES + entries * Entry.BYTES, "what was measured was filled in", at);
        RingRecord.seal(area, at(builtPosition), rootCp, entries, payloadSlots, crc);
        parts[0] = area.limit(RingRecord.areaBytes(entries)).position(0);
    }

    private int addRun(LogView view, int runs, int start, int end) {
        if (end == start) {
            return runs;
        }
        parts[partCount++] = view.window(runs, start, end - start);
        return runs + 1;
    }

    private RingStart at(long position) {
        return new RingStart(next.poolIdHigh(), next.poolIdLow(), next.openCounter(), position, next.number());
    }

    private static boolean anything(long[] from, long[] to) {
        for (int lane = 0; lane < from.length; lane++) {
            if (from[lane] < to[lane]) {
                return true;
            }
        }
        return false;
    }

    private void checkPlace() {
        Checks.that(builtPosition >= next.position(), "records follow each other", builtPosition);
        Checks.that(builtPosition + lengthBytes() <= trim + logBytes, "the record lies in free space", builtPosition);
        Checks.that(offset() + lengthBytes() <= logBytes, "the record does not cross the end", offset());
    }
}
