package dev.holdfast.store.log;

/**
 * Whose memory this is: what must match before a byte of a memory log is believed (L6).
 *
 * @param poolIdHigh upper half of the pool's id
 * @param poolIdLow lower half
 * @param bootIdHigh upper half of the id of this boot of the machine
 * @param bootIdLow lower half
 * @param openCounter of the newest root
 */
public record LogIdentity(long poolIdHigh, long poolIdLow, long bootIdHigh, long bootIdLow, long openCounter) {}
