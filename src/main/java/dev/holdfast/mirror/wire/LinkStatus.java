package dev.holdfast.mirror.wire;

/**
 * What became of a link so far.
 *
 * @param up whether messages go over it now
 * @param ups how often it came up
 * @param lastEnd why it ended or could not begin the last time, for people; empty if that never happened
 * @param sent messages that were queued
 * @param dropped messages that were not, because the link was not up or its queue was full
 * @param received messages that came
 * @param unclaimed of these, for shards that nobody here receives for
 */
public record LinkStatus(boolean up, long ups, String lastEnd, long sent, long dropped, long received, long unclaimed) {
    /** Of a node that was not met. */
    static final LinkStatus NONE = new LinkStatus(false, 0, "", 0, 0, 0, 0);
}
