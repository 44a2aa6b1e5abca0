package dev.holdfast.store.lane;

/**
 * What a lane has counted since its start; only its loop touches it, others get a {@link #copy} by message. Times are
 * the front ends' business.
 */
public final class LaneStatistics {
    /** READs. */
    public long reads;

    /** READs that found all of their blocks in memory. */
    public long readsAtHand;

    /** Bytes asked for by READs. */
    public long bytesRead;

    /** WRITEs, TRIMs and ZEROs taken. */
    public long changes;

    /** Bytes of WRITEs taken. */
    public long bytesWritten;

    /** FLUSHes. */
    public long flushes;

    /** Windows of read-ahead started. */
    public long readAheads;

    /** Blocks asked for that could not be read. */
    public long blocksUnreadable;

    /** Blocks changed since the last freeze. */
    public long blocksDirty;

    /** Frames of the cache in use. */
    public long framesInUse;

    /** The same numbers, for another loop. */
    public LaneStatistics copy() {
        LaneStatistics copy = new LaneStatistics();
        copy.reads = reads;
        copy.readsAtHand = readsAtHand;
        copy.bytesRead = bytesRead;
        copy.changes = changes;
        copy.bytesWritten = bytesWritten;
        copy.flushes = flushes;
        copy.readAheads = readAheads;
        copy.blocksUnreadable = blocksUnreadable;
        copy.blocksDirty = blocksDirty;
        copy.framesInUse = framesInUse;
        return copy;
    }
}
