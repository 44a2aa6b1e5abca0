package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * The last record of the ring as the scan has read it. No later record proves that it was complete, so one copy may
 * have all of it and another none: what is read the next time may differ, and what was decided about it must not.
 *
 * @param position where it begins
 * @param bytes all of it from index 0 on, each payload from a copy in which it is right if there is one; not written.
 *     Empty if there is no record
 * @param torn a payload is wrong everywhere: a commit nobody was told of. Its entries before that one are used
 */
record LastRecord(long position, ByteBuffer bytes, boolean torn) {
    static final LastRecord NONE = new LastRecord(0, ByteBuffer.allocate(0), false);

    LastRecord {
        Checks.that(position >= 0 && bytes.position() == 0, "a record's bytes from its beginning", position);
        Checks.that(bytes.limit() % Entry.SLOT_BYTES == 0, "a record is whole pages", bytes.limit());
    }

    /** Whether the page at logical position {@code place} is a part of it. */
    boolean has(long place) {
        return place >= position && place < position + bytes.limit();
    }

    /** Puts its page at {@code place} into {@code into} at {@code at}. */
    void copyPage(long place, ByteBuffer into, int at) {
        into.put(at, bytes, (int) (place - position), Entry.SLOT_BYTES);
    }
}
