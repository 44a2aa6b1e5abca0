package dev.holdfast.sim.world;

/**
 * How long operations of a simulated disk take: between one and two times the given time, plus the time of the bytes.
 * The default is slower than real flash: it leaves virtual time for faults between operations.
 *
 * @param readNanos shortest read
 * @param writeNanos shortest write
 * @param flushNanos shortest flush, and what a durable write takes beyond a write
 * @param blockNanos for every 4096 bytes
 */
public record DiskSpeed(long readNanos, long writeNanos, long flushNanos, long blockNanos) {
    /** The speed of a disk that nobody set another for. */
    public static final DiskSpeed DEFAULT = new DiskSpeed(1_000_000, 1_000_000, 4_000_000, 5_000);
}
