package dev.holdfast.sim.world;

import dev.holdfast.io.DiskOutcome;

/**
 * What is wrong with one simulated disk, set by scenarios; all of it may be changed at any time. Rates are per million
 * operations. A disk starts without faults; power cuts and process deaths are no fault of the disk.
 */
public final class DiskFaults {
    /** Reads that fail with MEDIA_ERROR. */
    public int readErrorPerMillion;

    /** Writes that fail with MEDIA_ERROR; any of their 512-byte units may have been written. */
    public int writeErrorPerMillion;

    /** Flushes that fail; the writes they covered are durable, lost at once, or lost at the next power cut. */
    public int flushErrorPerMillion;

    /** Writes that report OK and went to another block of the disk. */
    public int misdirectedPerMillion;

    /** Writes that report OK and did nothing. */
    public int lostPerMillion;

    /** Reads that return what a block held before its last write. */
    public int stalePerMillion;

    /** Reads that return the bytes of another block. */
    public int misplacedPerMillion;

    /** Reads that find a bit flipped, for good. */
    public int rotPerMillion;

    /** Operations that take a hundred times as long. */
    public int slowPerMillion;

    /** Every operation takes this many times as long. */
    public int slowness = 1;

    /** Writes to blocks never written before fail with FULL. */
    public boolean full;

    /** Every operation, those under way included, ends with GONE. */
    public boolean gone;

    /** Nothing ends until this is false again. */
    public boolean stuck;

    private long failAt = Long.MAX_VALUE;
    private DiskOutcome failWith = DiskOutcome.OK;

    /** Makes the operation that is the {@code n}-th from now to be issued (1 = the next) end with {@code outcome}. */
    public void failNth(long n, DiskOutcome outcome) {
        failAt = n;
        failWith = outcome;
    }

    /** Ends every fault. */
    public void heal() {
        readErrorPerMillion = 0;
        writeErrorPerMillion = 0;
        flushErrorPerMillion = 0;
        misdirectedPerMillion = 0;
        lostPerMillion = 0;
        stalePerMillion = 0;
        misplacedPerMillion = 0;
        rotPerMillion = 0;
        slowPerMillion = 0;
        slowness = 1;
        full = false;
        gone = false;
        stuck = false;
        failAt = Long.MAX_VALUE;
    }

    /** Counts one operation that is issued; the outcome that was asked for it, OK if none. */
    DiskOutcome countIssued() {
        if (failAt == Long.MAX_VALUE || --failAt > 0) {
            return DiskOutcome.OK;
        }
        failAt = Long.MAX_VALUE;
        return failWith;
    }
}
