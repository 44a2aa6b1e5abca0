package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One lane's log in memory that outlives the process: takes changes in, keeps them until a root covers them. It knows
 * nothing of the ring, and finds nothing again: {@link MemoryScan} does.
 *
 * <ul>
 *   <li><b>I1</b> An entry is published only when its payload, then its descriptor, are complete; release fences
 *       stand between the three (L2).
 *   <li><b>I2</b> Entries [released, published) are intact: their descriptors and slots are not written.
 *   <li><b>I3</b> {@code published - released <= D} and the slots between them, skipped ones included, are at most S.
 *       An empty log begins at slot 0 again, so that the longest payload fits.
 *   <li><b>I4</b> The header is valid only while the descriptors are this log's own.
 * </ul>
 *
 * <p>Only its lane's loop touches it. Another loop that was told a published number by message reads the entries below
 * it through a {@link LogView}.
 */
public final class MemoryLog {
    /** The shortest region that can be a log. */
    public static final int MIN_REGION_BYTES = 10 * Entry.SLOT_BYTES;

    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final Crc32c crc = new Crc32c();
    private final LogIdentity identity;
    private final int lane;
    private final int lanes;
    private final MemoryLayout layout;
    private final long[] slotEnds;
    private ByteBuffer region;
    private ByteBuffer descriptors;
    private ByteBuffer slots;
    private long published;
    private long released;
    private long slotHead;
    private long slotTail;
    private int nextSlot;
    private final LateHold lateHold = new LateHold();

    private MemoryLog(ByteBuffer region, LogIdentity identity, int lane, int lanes) {
        this.identity = identity;
        this.lane = lane;
        this.lanes = lanes;
        this.region = region.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        layout = MemoryLayout.of(region.capacity());
        slotEnds = new long[layout.descriptors()];
        descriptors = layout.descriptorsOf(this.region);
        slots = layout.slotsOf(this.region);
    }

    /**
     * Makes {@code region} the empty log of a lane. Whatever was in it is gone, so a root that covers it must be
     * durable.
     *
     * @param region direct, 4096-aligned, {@link #MIN_REGION_BYTES} or longer
     * @param lane of {@code lanes}, from 0; both are found again in the header
     */
    public static MemoryLog label(ByteBuffer region, LogIdentity identity, int lane, int lanes) {
        Checks.that(lane >= 0 && lane < lanes, "the lane is one of the lanes", lane, lanes);
        MemoryLog log = new MemoryLog(region, identity, lane, lanes);
        log.layout.label(log.region, identity, lane, lanes);
        return log;
    }

    /** The shortest region that, empty, takes a payload of this length wherever it begins. */
    public static int regionBytesFor(int payloadLength) {
        Checks.that(payloadLength > 0, "a payload has a length", payloadLength);
        int wanted = Entry.slotsFor(Entry.SLOT_BYTES - 1, payloadLength);
        int lengthBytes = MIN_REGION_BYTES;
        while (MemoryLayout.of(lengthBytes).slots() < wanted) {
            lengthBytes += Entry.SLOT_BYTES;
        }
        return lengthBytes;
    }

    /** The payload of an entry that has none. */
    public static ByteBuffer noPayload() {
        return EMPTY;
    }

    /** The longest payload that always has room in an empty log. */
    public int maxPayloadBytes() {
        return Math.min(Entry.MAX_PAYLOAD_BYTES, (layout.slots() - 1) * Entry.SLOT_BYTES);
    }

    /**
     * Whether one entry with such a payload can be appended now.
     *
     * @param payloadLength in bytes, 0 for none
     * @param offsetInBlock where in its first slot it starts: {@code offset mod 4096} of a write, else 0
     */
    public boolean room(int payloadLength, int offsetInBlock) {
        int wanted = Entry.slotsFor(offsetInBlock, payloadLength);
        return published - released < layout.descriptors()
                && slotHead - slotTail + wanted + skipped(wanted) <= layout.slots();
    }

    /** How many entries more there are descriptors for. */
    public long entriesLeft() {
        return layout.descriptors() - (published - released);
    }

    /**
     * Takes one change in: it is held when this returns (L2, L3). There must be {@link #room}.
     *
     * @param offset in bytes, a snapshot's id for the snapshot kinds
     * @param length in bytes of the range; of a write that of the payload
     * @param payload between position and limit, copied; position and limit are as before afterwards
     * @return the entry's number in this log
     */
    public long append(
            EntryKind kind, int flags, int shard, int epoch, long seq, long offset, long length, ByteBuffer payload) {
        int payloadLength = payload.remaining();
        int start = Entry.startInSlot(kind, offset);
        int wanted = Entry.slotsFor(start, payloadLength);
        int skipped = skipped(wanted);
        Checks.that(room(payloadLength, start), "the memory log has room", payloadLength, slotHead - slotTail);
        int firstSlot = skipped > 0 ? 0 : nextSlot;
        if (skipped > 0) {
            Marks.reached("log.memory-wraps");
        }
        int checksum = hold(payload, firstSlot * Entry.SLOT_BYTES + start, payloadLength);
        VarHandle.releaseFence();
        long number = published;
        int at = index(number) * Entry.BYTES;
        Entry.putIdentity(descriptors, at, kind, flags);
        Entry.putPlace(descriptors, at, shard, epoch, seq);
        Entry.putRange(descriptors, at, offset, length);
        Entry.putPayload(descriptors, at, firstSlot, wanted, checksum, payloadLength);
        Entry.seal(descriptors, at, number, crc);
        Checks.that(Entry.isSound(descriptors, at), "the entry is within its bounds", seq, offset, length);
        VarHandle.releaseFence();
        slotHead += wanted + skipped;
        nextSlot = firstSlot + wanted == layout.slots() ? 0 : firstSlot + wanted;
        slotEnds[index(number)] = slotHead;
        published = number + 1;
        Checks.that(slotHead - slotTail <= layout.slots(), "slots in use fit", slotHead, slotTail);
        return number;
    }

    /**
     * Says that changes of {@code shard} after {@code toSeq} are void that are in this log so far. There must be {@link
     * #room} for an entry without payload.
     *
     * @return the entry's number in this log
     */
    public long appendRewind(int shard, int epoch, long toSeq) {
        return append(EntryKind.REWIND, 0, shard, epoch, 0, toSeq, 0, EMPTY);
    }

    /** The number the next entry will have: all below are complete. */
    public long published() {
        return published;
    }

    /** Entries below have been let go. */
    public long released() {
        return released;
    }

    /** Slot in {@link #slotBytes} where the payload of {@code entry} begins; it is not released yet. */
    public int firstSlot(long entry) {
        Checks.that(entry >= released && entry < published, "the entry is in the log", entry, released, published);
        return Entry.firstSlot(descriptors, index(entry) * Entry.BYTES);
    }

    /**
     * All slots: whole block k of a payload is at {@code (firstSlot + k) * 4096}. Another loop may use it too, so
     * only absolute access, and a duplicate for everything else.
     */
    public ByteBuffer slotBytes() {
        return slots;
    }

    /** Lets entries below {@code entryExclusive} go: the roots of their shards cover them (L8). */
    public void release(long entryExclusive) {
        Checks.that(entryExclusive >= released, "released once, in order", entryExclusive, released);
        Checks.that(entryExclusive <= published, "only what was published is released", entryExclusive, published);
        if (entryExclusive > released) {
            slotTail = slotEnds[index(entryExclusive - 1)];
            released = entryExclusive;
            nextSlot = released == published ? 0 : nextSlot;
        }
        Checks.that(slotHead - slotTail <= layout.slots(), "slots in use fit", slotHead, slotTail);
    }

    /** How full it is, 0 to 1: slots or descriptors, whichever is scarcer. */
    public double usedFraction() {
        double slotsUsed = (double) (slotHead - slotTail) / layout.slots();
        double descriptorsUsed = (double) (published - released) / layout.descriptors();
        return Math.max(slotsUsed, descriptorsUsed);
    }

    /** A way for another loop to read entries whose numbers it was told; made here, used there. */
    public LogView view() {
        return new LogView(layout, region);
    }

    /**
     * Goes on in another region of the same length, because the old one lost its name: everything is copied, numbers
     * and slots stay. Takes as long as copying the region does. Views of before read what was appended before.
     */
    public void moveTo(ByteBuffer newRegion) {
        Checks.that(newRegion.capacity() == region.capacity(), "the new region is as long", newRegion.capacity());
        ByteBuffer target = newRegion.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        layout.label(target, identity, lane, lanes);
        target.put(layout.slotsAt(), slots, 0, slots.capacity());
        VarHandle.releaseFence();
        target.put(Entry.SLOT_BYTES, descriptors, 0, descriptors.capacity());
        VarHandle.releaseFence();
        region = target;
        descriptors = layout.descriptorsOf(region);
        slots = layout.slotsOf(region);
    }

    /** Copies the payload to its place and answers its checksum, which is that of the bytes that came in. */
    private int hold(ByteBuffer payload, int at, int length) {
        if (length == 0) {
            return 0;
        }
        int checksum = crc.of(payload, payload.position(), length);
        if (Mutant.on("log.publish-before-payload")) {
            lateHold.instead(slots, at, payload);
            return checksum;
        }
        slots.put(at, payload, payload.position(), length);
        return checksum;
    }

    /** Slots left empty before a payload of {@code wanted} slots so that it does not cross the end. */
    private int skipped(int wanted) {
        return nextSlot + wanted > layout.slots() ? layout.slots() - nextSlot : 0;
    }

    private int index(long entry) {
        return (int) entry & (layout.descriptors() - 1);
    }

    /** Mutant: a payload comes to its place only when the next one arrives, long after its entry was published. */
    private static final class LateHold {
        private byte[] bytes = {};
        private int place;

        void instead(ByteBuffer slots, int at, ByteBuffer payload) {
            slots.put(place, bytes);
            bytes = new byte[payload.remaining()];
            payload.get(payload.position(), bytes);
            place = at;
        }
    }
}
