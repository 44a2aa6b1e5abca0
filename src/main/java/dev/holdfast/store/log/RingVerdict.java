package dev.holdfast.store.log;

/** How the ring ends behind what a scan has taken (L7). */
public sealed interface RingVerdict {
    /** What is there to be used. */
    RingFound found();

    /** One line for people. */
    String message();

    /** Nothing valid comes later: the log ends here. */
    record End(RingFound found) implements RingVerdict {
        @Override
        public String message() {
            return found.summary();
        }
    }

    /**
     * Something that was complete is not valid any more, and later records are: the pool is refused. Going on would
     * lose them.
     *
     * @param laterRecords valid records after the hole
     * @param laterEntries changes in those
     * @param laterBytes bytes of payload in those
     * @param message which record is damaged and what would be lost
     */
    record Damaged(RingFound found, long laterRecords, long laterEntries, long laterBytes, String message)
            implements RingVerdict {}

    /** No member could read the place where the next record would be, so nobody knows whether there is one. */
    record Unreadable(RingFound found, String message) implements RingVerdict {}
}
