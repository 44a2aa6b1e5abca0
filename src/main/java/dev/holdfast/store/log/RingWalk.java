package dev.holdfast.store.log;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;

/**
 * Goes from one record of the ring to the next as long as they follow each other, taking of each record and payload a
 * copy that verifies. It does not look beyond a place where no record is.
 */
final class RingWalk {
    /** What {@link #next} came to. */
    enum Step {
        /** A record is there, all of it at hand. */
        RECORD,
        /** Something is being read; {@code resume} will run. */
        WAIT,
        /** No valid record follows. */
        NONE
    }

    private final Crc32c crc = new Crc32c();
    private final RingWindows windows;
    private final long logBytes;
    private final int maxRecordBytes;
    private RingStart expected;
    private long tried;
    private boolean blind;
    private long position;
    private int copy = -1;
    private int areaBytes;
    private int payloadBytes;

    RingWalk(Array array, RingStart start, LastRecord known, Loop loop, Runnable resume) {
        windows = new RingWindows(array, known, loop, resume);
        logBytes = array.logBytes();
        maxRecordBytes = RingRecord.maxRecordBytes(array.logBytes());
        expected = start;
        tried = start.position();
    }

    /** Goes on to the record after the present one. */
    Step next() {
        while (copy < 0 || tried != position) {
            if (!windows.ensure(tried, areaBytesAt(tried))) {
                return Step.WAIT;
            }
            if (!look(tried) && !goToNextLap()) {
                return Step.NONE;
            }
        }
        if (!windows.ensure(position, areaBytes + payloadBytes)) {
            return Step.WAIT;
        }
        long end = position + areaBytes + payloadBytes;
        Checks.that(position >= expected.position(), "records go forwards", position, expected.position());
        Checks.that(end - position <= maxRecordBytes, "a record is bounded", end - position);
        Checks.that(RingRecord.number(area(), at(position)) == expected.number(), "the record is the expected one");
        expected = after(end, expected.number() + 1);
        tried = end;
        blind = false;
        return Step.RECORD;
    }

    /** A record that would have crossed the end of the region begins the next lap; a longest one might have. */
    private boolean goToNextLap() {
        long toEnd = windows.toEndOfLap(tried);
        if (tried != expected.position() || toEnd >= maxRecordBytes) {
            return false;
        }
        tried += toEnd;
        return true;
    }

    private boolean look(long place) {
        boolean certain = windows.isReadable(place, Entry.SLOT_BYTES);
        for (int i = 0; i < windows.copies(); i++) {
            if (isRecord(i, place, expected) && RingRecord.number(windows.bytes(i), at(place)) == expected.number()) {
                if (place != expected.position()) {
                    Marks.reached("log.ring-next-lap");
                }
                take(i, place);
                return true;
            }
            certain &= sees(i, place);
        }
        blind |= !certain;
        return false;
    }

    /** Whether it is certain that this copy has no such record here: not when it says so and goes on unreadably. */
    private boolean sees(int i, long place) {
        ByteBuffer bytes = windows.bytes(i);
        boolean claims = RingRecord.claimsToBeHere(bytes, at(place), expected, place);
        int claimed = claims ? RingRecord.areaBytes(bytes, at(place)) : 1;
        return windows.isReadable(place, Math.clamp(claimed, 1, areaBytesAt(place)));
    }

    private void take(int winner, long place) {
        if (winner > 0) {
            Marks.reached("log.ring-other-copy");
        }
        copy = winner;
        position = place;
        areaBytes = RingRecord.areaBytes(windows.bytes(winner), at(place));
        payloadBytes = RingRecord.payloadBytes(windows.bytes(winner), at(place));
    }

    /** Whether copy {@code i} has at {@code place}, which is ensured, a record of this log, of that number or later. */
    private boolean isRecord(int i, long place, RingStart least) {
        int available = areaBytesAt(place);
        long room = Math.min(maxRecordBytes, windows.toEndOfLap(place));
        return RingRecord.isHere(windows.bytes(i), at(place), available, least, place, room, crc);
    }

    /**
     * Whether copy {@code i} has a later record at {@code place}, which is ensured, be it of a later lap (what comes
     * before it in the ring may long be overwritten when only an older root is left).
     */
    boolean isLaterRecord(int i, long place) {
        ByteBuffer bytes = windows.bytes(i);
        long claimed = RingRecord.position(bytes, at(place));
        boolean placed = claimed >= place && (claimed - place) % logBytes == 0;
        long room = Math.min(maxRecordBytes, windows.toEndOfLap(place));
        return placed && RingRecord.isHere(bytes, at(place), areaBytesAt(place), expected, claimed, room, crc);
    }

    /** As much as a header and its descriptors may take at a place. */
    int areaBytesAt(long place) {
        long room = Math.min(maxRecordBytes, windows.toEndOfLap(place));
        return (int) Math.min(RingRecord.MAX_AREA_BYTES, room);
    }

    /** Where the next record would be, and its number. */
    RingStart expected() {
        return expected;
    }

    /** After NONE: no copy could be read where the next record would be. */
    boolean isBlind() {
        return blind;
    }

    /** Where the present record begins. */
    long position() {
        return position;
    }

    /** Header and descriptors of the present record begin here in {@link #area}. */
    int at(long place) {
        return windows.at(place);
    }

    /** The bytes in which the present record's header and descriptors are. */
    ByteBuffer area() {
        Checks.that(copy >= 0, "there is a record");
        return windows.bytes(copy);
    }

    int entries() {
        return RingRecord.entries(area(), at(position));
    }

    int descriptorAt(int index) {
        Checks.that(index >= 0 && index < entries(), "the record has that entry", index);
        return at(position) + RingRecord.HEADER_BYTES + index * Entry.BYTES;
    }

    /** Where the payload slots of the present record begin. */
    long payloadPosition() {
        return position + areaBytes;
    }

    RingWindows windows() {
        return windows;
    }

    /** A copy in which the payload that lies in slots from {@code place} on is intact; -1 if none has it. */
    int intactCopy(int descriptorAt, long place) {
        int length = Entry.payloadLength(area(), descriptorAt);
        int checksum = Entry.payloadChecksum(area(), descriptorAt);
        int start = Entry.payloadStart(area(), descriptorAt);
        Checks.that(at(place) + start + length <= at(expected.position()), "payloads lie in their record", place);
        for (int i = 0; i < windows.copies(); i++) {
            int candidate = (copy + i) % windows.copies();
            if (length == 0 || crc.of(windows.bytes(candidate), at(place) + start, length) == checksum) {
                return candidate;
            }
        }
        return -1;
    }

    /** Puts the present record into {@code into} from index 0 on, each payload from a copy in which it is intact. */
    void copyRecord(ByteBuffer into) {
        into.clear().limit(areaBytes + payloadBytes);
        into.put(0, area(), at(position), areaBytes + payloadBytes);
        long payload = payloadPosition();
        for (int i = 0; i < entries(); i++) {
            int slotBytes = Entry.slots(area(), descriptorAt(i)) * Entry.SLOT_BYTES;
            int intact = windows.copies() == 1 ? -1 : intactCopy(descriptorAt(i), payload);
            if (intact >= 0) {
                into.put((int) (payload - position), windows.bytes(intact), at(payload), slotBytes);
            }
            payload += slotBytes;
        }
    }

    private RingStart after(long end, long number) {
        return new RingStart(expected.poolIdHigh(), expected.poolIdLow(), expected.openCounter(), end, number);
    }
}
