package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import java.util.List;

/**
 * The valid part of the ring after a root, as a scan found it.
 *
 * @param start where it begins
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
        long entries,
        RingStart end,
        boolean lastTorn,
        List<LostPayload> unreadable,
        long unreadableCount) {
    /** Most lost payloads that are listed. */
    public static final int MAX_LISTED = 100;

    /** Checks that it adds up. */
    public RingFound {
        Checks.that(end.number() >= start.number(), "records are counted forwards", end.number(), start.number());
        Checks.that(entries >= end.number() - start.number(), "no record is empty", entries);
        Checks.that(end.position() >= start.position(), "the log goes forwards", end.position());
        Checks.that(unreadable.size() <= Math.min(MAX_LISTED, unreadableCount), "what is listed is counted");
    }

    /** How many records follow each other. */
    public long records() {
        return end.number() - start.number();
    }

    /** One line for people. */
    public String summary() {
        String torn = lastTorn ? ", the last torn" : "";
        String lost = unreadableCount == 0 ? "" : ", " + unreadableCount + " of them unreadable";
        return records() + " log records" + torn + " with " + entries + " changes" + lost;
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
