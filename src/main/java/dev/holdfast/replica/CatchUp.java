package dev.holdfast.replica;

/**
 * How far a replica that was away is brought up to date, as its primary sees it.
 *
 * @param node whose it is
 * @param rung what it gets
 * @param bytes how much, of changes and blocks, without what is around them
 * @param sinceMillis when it began: milliseconds since 1970 UTC
 * @param elapsedNanos since then
 * @param bytesPerSecond sent lately
 * @param etaNanos what it will still take at the pace of late, in which what clients write meanwhile counts; -1 if that
 *     is not known yet, or if it does not come nearer
 */
public record CatchUp(
        int node, Rung rung, Figures bytes, long sinceMillis, long elapsedNanos, long bytesPerSecond, long etaNanos) {
    /** What a replica gets, cheapest first. */
    public enum Rung {
        /** The changes that it missed, one by one. */
        REPLAY,
        /** The blocks that were changed since a root that it has part of, then changes. */
        IMAGE_SINCE,
        /** Every block in use, then changes. */
        IMAGE_OF_ALL
    }

    /**
     * Bytes of a catch-up.
     *
     * @param predicted to be sent, as far as it was to be seen when it began; -1 until that is counted
     * @param meanwhile written by clients since, which are to be sent as well
     * @param sent once
     * @param again sent once more, since no answer came in time, or there was no room
     * @param left to be sent; -1 until that is counted
     */
    public record Figures(long predicted, long meanwhile, long sent, long again, long left) {}
}
