package dev.holdfast.store.log;

import dev.holdfast.base.Checks;

/**
 * Where in the ring a root says that the log continues.
 *
 * @param poolIdHigh upper half of the pool's id
 * @param poolIdLow lower half
 * @param openCounter of the root: records of this open, and no other, count
 * @param position logical position of the next record, a multiple of 4096
 * @param number of the next record
 */
public record RingStart(long poolIdHigh, long poolIdLow, long openCounter, long position, long number) {
    /** Checks what every caller must have checked of a root before. */
    public RingStart {
        Checks.that(position >= 0 && position % Entry.SLOT_BYTES == 0, "the ring position is a whole block", position);
        Checks.that(number >= 0, "records are numbered from 0", number);
    }
}
