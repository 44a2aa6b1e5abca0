package dev.holdfast.store.log;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Mutant;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Entries of a memory log that an earlier process left and that may be believed. It changes nothing and decides nothing
 * about gaps: {@link ReplaySet} does.
 *
 * <p>Entries {@code firstEntry .. endEntry - 1} are those that may still be there; each is asked for by {@link #has}.
 * The oldest may have been released, and so may have lost their payload to newer ones.
 */
public final class MemoryScan {
    private final Crc32c crc = new Crc32c();
    private final ByteBuffer region;
    private final ByteBuffer descriptors;
    private final ByteBuffer slots;
    private final MemoryLayout layout;
    private final long firstEntry;
    private final long endEntry;
    private final List<Rewind> rewinds = new ArrayList<>();

    private MemoryScan(ByteBuffer region, MemoryLayout layout) {
        this.region = region;
        this.layout = layout;
        descriptors = layout.descriptorsOf(region);
        slots = layout.slotsOf(region);
        long newest = -1;
        for (int index = 0; index < layout.descriptors(); index++) {
            int at = index * Entry.BYTES;
            long number = Entry.number(descriptors, at);
            boolean rewinds = descriptors.get(at + 4) == EntryKind.REWIND.code();
            if ((number > newest || rewinds) && index(number) == index && isComplete(at)) {
                newest = Math.max(newest, number);
                noteRewind(at);
            }
        }
        endEntry = newest + 1;
        firstEntry = Math.max(0, endEntry - layout.descriptors());
    }

    /**
     * Looks at a region left by an earlier process. Reads every descriptor once, no payload.
     *
     * @param expected pool, this boot, and the open counter of the newest root
     */
    public static MemoryVerdict of(ByteBuffer region, LogIdentity expected) {
        ByteBuffer bytes = region.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.capacity() < MemoryLog.MIN_REGION_BYTES || bytes.getLong(0) == 0) {
            return foreign(MemoryVerdict.Why.ABSENT, "no write log in memory");
        }
        MemoryLayout layout = new MemoryLayout(bytes.getInt(64), bytes.getInt(68));
        if (bytes.getLong(0) != MemoryLayout.MAGIC) {
            return foreign(MemoryVerdict.Why.DAMAGED, "what is in memory under this pool's name is no write log");
        }
        if (!MemoryLayout.headerChecksumHolds(bytes)) {
            return foreign(MemoryVerdict.Why.DAMAGED, "the write log in memory has a damaged header");
        }
        if (bytes.getInt(12) != MemoryLayout.VERSION) {
            String found = "the write log in memory has version " + bytes.getInt(12);
            return foreign(MemoryVerdict.Why.OTHER_VERSION, found + ", this program reads " + MemoryLayout.VERSION);
        }
        boolean laned = bytes.getInt(56) >= 0 && bytes.getInt(56) < bytes.getInt(60);
        if (!laned || !layout.fits(bytes.capacity())) {
            return foreign(MemoryVerdict.Why.DAMAGED, "the header of the write log in memory contradicts itself");
        }
        return isTrusted(bytes, layout, expected);
    }

    private static MemoryVerdict isTrusted(ByteBuffer bytes, MemoryLayout layout, LogIdentity expected) {
        if (bytes.getLong(16) != expected.poolIdHigh() || bytes.getLong(24) != expected.poolIdLow()) {
            return foreign(MemoryVerdict.Why.OTHER_POOL, "the write log in memory belongs to another pool");
        }
        boolean otherBoot = bytes.getLong(32) != expected.bootIdHigh() || bytes.getLong(40) != expected.bootIdLow();
        if (otherBoot && !Mutant.on("log.trust-other-boot")) {
            return foreign(MemoryVerdict.Why.OTHER_BOOT, "the write log in memory is of another boot of this machine");
        }
        if (bytes.getLong(48) != expected.openCounter() && !Mutant.on("log.trust-other-counter")) {
            String found = "the write log in memory is of open " + bytes.getLong(48);
            return foreign(MemoryVerdict.Why.OTHER_COUNTER, found + ", the newest root of " + expected.openCounter());
        }
        return new MemoryVerdict.Trusted(new MemoryScan(bytes, layout));
    }

    private static MemoryVerdict foreign(MemoryVerdict.Why why, String message) {
        return new MemoryVerdict.Foreign(why, message);
    }

    /** The lane that wrote it. */
    public int lane() {
        return region.getInt(56);
    }

    /** How many lanes the pool had then: so many regions are to be looked at. */
    public int lanes() {
        return region.getInt(60);
    }

    /** Number of the oldest entry that may be there. */
    public long firstEntry() {
        return firstEntry;
    }

    /** One more than the number of the newest entry; 0 when there is none. */
    public long endEntry() {
        return endEntry;
    }

    /** Whether the descriptor of this entry is there and complete. */
    public boolean has(long entry) {
        int at = at(entry);
        return Entry.number(descriptors, at) == entry && isComplete(at);
    }

    /** Every rewind that is there. */
    List<Rewind> rewinds() {
        return rewinds;
    }

    private void noteRewind(int at) {
        if (Entry.kind(descriptors, at) == EntryKind.REWIND) {
            long entry = Entry.number(descriptors, at);
            rewinds.add(new Rewind(Entry.shard(descriptors, at), entry, Entry.offset(descriptors, at)));
        }
    }

    /** The descriptors; see {@link Entry} for what is at {@link #at}. */
    ByteBuffer descriptors() {
        return descriptors;
    }

    int at(long entry) {
        return index(entry) * Entry.BYTES;
    }

    ByteBuffer slotBytes() {
        return slots;
    }

    /** Index in {@link #slotBytes} of the payload of an entry that {@link #has}. */
    int payloadAt(long entry) {
        int at = at(entry);
        return Entry.firstSlot(descriptors, at) * Entry.SLOT_BYTES + Entry.payloadStart(descriptors, at);
    }

    /** Whether the payload of an entry that {@link #has} is what its checksum says. */
    boolean payloadIsIntact(long entry) {
        int at = at(entry);
        int length = Entry.payloadLength(descriptors, at);
        return length == 0 || crc.of(slots, payloadAt(entry), length) == Entry.payloadChecksum(descriptors, at);
    }

    /** Whether the change that a ring record has at {@code at} is here too, with its payload intact. */
    boolean holds(ByteBuffer area, int at) {
        long entry = Entry.number(area, at);
        if (entry < firstEntry || entry >= endEntry || !has(entry)) {
            return false;
        }
        int here = at(entry);
        boolean same = Entry.shard(descriptors, here) == Entry.shard(area, at)
                && Entry.seq(descriptors, here) == Entry.seq(area, at)
                && Entry.payloadChecksum(descriptors, here) == Entry.payloadChecksum(area, at);
        return same && payloadIsIntact(entry);
    }

    private boolean isComplete(int at) {
        return Entry.isSound(descriptors, at)
                && Entry.checksumHolds(descriptors, at, crc)
                && (long) Entry.firstSlot(descriptors, at) + Entry.slots(descriptors, at) <= layout.slots();
    }

    private int index(long entry) {
        return (int) entry & (layout.descriptors() - 1);
    }
}
