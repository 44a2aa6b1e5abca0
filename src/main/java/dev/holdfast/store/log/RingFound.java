package dev.holdfast.store.log;

import java.util.List;

/**
 * The valid part of the ring after a root, as a scan found it.
 *
 * @param start where it begins
 * @param records how many records follow each other from there
 * @param entries how many changes they hold
 * @param end where the next record would be; the last record, when torn, is before it
 * @param lastTorn the last record has a payload that is wrong everywhere: a commit nobody was told of. Its entries
 *     before that one are used
 * @param unreadable writes whose payload is lost though their commit was complete, the first {@link #MAX_LISTED}; their
 *     ranges become recorded errors
 * @param unreadableCount how many such writes there are
 */
public record RingFound(
        RingStart start,
        long records,
        long entries,
        RingStart end,
        boolean lastTorn,
        List<LostPayload> unreadable,
        long unreadableCount) {
    /** Most lost payloads that are listed. */
    public static final int MAX_LISTED = 100;

    /** One line for people. */
    public String summary() {
        String torn = lastTorn ? ", the last torn" : "";
        String lost = unreadableCount == 0 ? "" : ", " + unreadableCount + " of them unreadable";
        return records + " log records" + torn + " with " + entries + " changes" + lost;
    }

    /**
     * A write whose bytes are lost.
     *
     * @param shard it changed
     * @param seq its number there
     * @param offset of its range in bytes
     * @param length of its range in bytes
     */
    public record LostPayload(int shard, long seq, long offset, long length) {}
}
