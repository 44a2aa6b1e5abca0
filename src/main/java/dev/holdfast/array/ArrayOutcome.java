package dev.holdfast.array;

/** How an array operation ended; see the numbered promises of {@link Array}. */
public enum ArrayOutcome {
    /** R1. */
    OK,
    /** R2. */
    MEMBER_LOST,
    /** R3: the host file system is full. */
    NO_SPACE,
    /** R3. */
    FAILED
}
