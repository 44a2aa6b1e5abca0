package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import java.util.List;

/**
 * The valid part of the ring after a root, as a scan found it.
 *
 * @param start where it begins
 * @param entries how many changes they hold
 * @param end where the next record would be; the last record, when torn, is before it
 * @param last the last record, which replay does not read again
 * @param lost writes whose payload is lost though their commit was complete; their ranges become recorded errors
 * @param rewinds every rewind they hold
 */
public record RingFound(
        RingStart start, long entries, RingStart end, LastRecord last, LostPayloads lost, List<Rewind> rewinds) {
    /** Most lost payloads that are listed. */
    public static final int MAX_LISTED = 100;

    /** Checks that it adds up. */
    public RingFound {
        Checks.that(end.number() >= start.number(), "records are counted forwards", end.number(), start.number());
        Checks.that(entries >= end.number() - start.number(), "no record is empty", entries);
        Checks.that(end.position() >= start.position(), "the log goes forwards", end.position());
    }

    /** A ring without records. */
    public static RingFound nothing(RingStart start) {
        return new RingFound(start, 0, start, LastRecord.NONE, new LostPayloads(List.of(), 0), List.of());
    }

    /** Whether the last record is one that was never completed. */
    public boolean lastTorn() {
        return last.torn();
    }

    /** How many records follow each other. */
    public long records() {
        return end.number() - start.number();
    }

    /** One line for people. */
    public String summary() {
        String torn = lastTorn() ? ", the last torn" : "";
        String unreadable = lost.count == 0 ? "" : ", " + lost.count + " of them unreadable";
        return records() + " log records" + torn + " with " + entries + " changes" + unreadable;
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

    /**
     * Writes whose bytes are lost.
     *
     * @param listed the first {@link #MAX_LISTED}
     * @param count how many there are
     */
    public record LostPayloads(List<LostPayload> listed, long count) {
        /** Checks that it adds up. */
        public LostPayloads {
            Checks.that(listed.size() <= Math.min(MAX_LISTED, count), "what is listed is counted", count);
        }
    }
}
