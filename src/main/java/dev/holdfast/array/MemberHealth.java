package dev.holdfast.array;

/**
 * How one member of an array is, for people and for decisions above.
 *
 * @param slot place in the array, from 0
 * @param path where it was opened
 * @param present holds everything written and is used
 * @param reason why it is not present; empty when it is
 * @param readErrors reads that failed or did not verify since the start
 * @param writeErrors writes and flushes that failed since the start
 * @param repaired blocks overwritten with a good copy since the start
 */
public record MemberHealth(
        int slot, String path, boolean present, String reason, long readErrors, long writeErrors, long repaired) {}
