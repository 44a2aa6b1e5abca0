package dev.holdfast.sim.workload;

/**
 * What a {@link BlockWorkload} asks for, and how often. Weights are relative to their sum.
 *
 * @param read weight of reads
 * @param write weight of writes
 * @param zero weight of zeroings
 * @param trim weight of trims
 * @param flush weight of flushes
 * @param extents weight of questions for extents, and of cache hints
 * @param shape where requests go and how many are under way
 */
public record Mix(int read, int write, int zero, int trim, int flush, int extents, Shape shape) {
    /**
     * Where requests go.
     *
     * @param spots places spread over the volume that requests go to, its beginning and end among them
     * @param spotBlocks length of each in blocks of 4096 bytes
     * @param longestBlocks longest transfer
     * @param depth requests under way at most
     * @param thinkNanos longest ordinary pause between the end of a request and the next one, now and then a thousand
     *     times as long
     */
    public record Shape(int spots, int spotBlocks, int longestBlocks, int depth, long thinkNanos) {}

    private static final int LONG_SPOT = 256;

    /** A little of everything, short pauses. */
    public static final Mix EVERYTHING = new Mix(30, 45, 4, 4, 8, 4, new Shape(6, 40, 32, 8, 20_000_000));

    /** Long changes without a pause on more blocks than a small pool has: it runs out of memory, log and space. */
    public static final Mix PRESSURE = new Mix(40, 60, 2, 6, 6, 1, new Shape(24, 400, 48, 32, 200_000));

    /** Small changes in bursts on many blocks, so that neighbours lie apart on the disk, and long reads of them. */
    public static final Mix SCATTERED = new Mix(40, 60, 0, 0, 6, 2, new Shape(2, 1000, 4, 32, 10_000_000));

    /** Small changes and flushes on few blocks: for enumerations. */
    public static final Mix SMALL = new Mix(5, 60, 5, 5, 15, 2, new Shape(3, 12, 6, 4, 2_000_000));

    /** Mostly small changes with flushes between them, on few blocks. */
    public static final Mix FORCED = new Mix(2, 60, 3, 3, 30, 0, new Shape(3, 12, 4, 6, 8_000_000));

    /** True if a third of the reads are as long as may be. */
    boolean longReads() {
        return shape.spotBlocks > LONG_SPOT;
    }

    int total() {
        return read + write + zero + trim + flush + extents;
    }

    /** This mix in another shape. */
    public Mix with(Shape other) {
        return new Mix(read, write, zero, trim, flush, extents, other);
    }
}
