package dev.holdfast.device;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Disk;
import java.util.Optional;

/**
 * Where things lie on a device; the same on every member of an array. It holds no bytes.
 *
 * <pre>
 *        0  label            1 MiB               log region, logBytes
 *     4096  label again      dataOffset          block address 0 (never used), 1, 2, ... dataBlocks - 1
 *   64 KiB  root ring, 128 slots of 4096          (log region's end rounded up to 1 MiB)
 * </pre>
 *
 * @param logOffset first byte of the log region
 * @param logBytes its length, a multiple of 4096
 * @param dataOffset first byte of the data area, a multiple of 1 MiB
 * @param dataBlocks blocks of 4096 bytes in the data area, address 0 included
 */
public record Geometry(long logOffset, long logBytes, long dataOffset, long dataBlocks) {
    /** Where the two copies of the label lie, in bytes. */
    public static final long FIRST_LABEL_OFFSET = 0;

    /** The second copy. */
    public static final long SECOND_LABEL_OFFSET = Disk.BLOCK_BYTES;

    /** First byte of the root ring. */
    public static final long ROOT_OFFSET = 64 << 10;

    /** Slots of the root ring, a block each. */
    public static final int ROOT_SLOTS = 128;

    /** Length of the root ring in bytes. */
    public static final int ROOT_BYTES = ROOT_SLOTS * Disk.BLOCK_BYTES;

    /** The least length of a log region in bytes. */
    public static final long LEAST_LOG_BYTES = 64 << 10;

    /** The least number of blocks worth a pool. */
    public static final long LEAST_DATA_BLOCKS = 256;

    /** The greatest length of a device in bytes: 1 EiB. */
    public static final long LENGTH_LIMIT = 1L << 60;

    private static final long ALIGNMENT = 1 << 20;

    /** Checks that nothing overlaps. */
    public Geometry {
        Checks.that(isValid(logOffset, logBytes, dataOffset, dataBlocks), "regions in order", logOffset, dataOffset);
    }

    /** The layout of an array whose shortest member is {@code lengthBytes} long; empty if that is too short. */
    public static Optional<Geometry> fit(long lengthBytes, long logBytes) {
        Checks.that(logBytes >= LEAST_LOG_BYTES && logBytes % Disk.BLOCK_BYTES == 0, "a log region", logBytes);
        Checks.that(logBytes <= LENGTH_LIMIT, "a log region's length is bounded", logBytes);
        long dataOffset = roundUp(ALIGNMENT + logBytes);
        long dataBlocks = (Math.min(lengthBytes, LENGTH_LIMIT) - dataOffset) / Disk.BLOCK_BYTES;
        if (dataBlocks < LEAST_DATA_BLOCKS) {
            return Optional.empty();
        }
        return Optional.of(new Geometry(ALIGNMENT, logBytes, dataOffset, dataBlocks));
    }

    /** The least length of a device with a log region of {@code logBytes}. */
    public static long leastLengthBytes(long logBytes) {
        return roundUp(ALIGNMENT + logBytes) + LEAST_DATA_BLOCKS * Disk.BLOCK_BYTES;
    }

    /** True if the four numbers can be a layout; a label may say anything. */
    static boolean isValid(long logOffset, long logBytes, long dataOffset, long dataBlocks) {
        boolean bounded = logOffset >= ROOT_OFFSET + ROOT_BYTES
                && logOffset <= LENGTH_LIMIT
                && logBytes >= LEAST_LOG_BYTES
                && logBytes <= LENGTH_LIMIT
                && dataOffset >= logOffset + logBytes
                && dataOffset <= 2 * LENGTH_LIMIT
                && dataBlocks >= LEAST_DATA_BLOCKS
                && dataBlocks <= LENGTH_LIMIT / Disk.BLOCK_BYTES;
        return bounded && ((logOffset | logBytes | dataOffset) & (Disk.BLOCK_BYTES - 1)) == 0;
    }

    /** The length in bytes a device must have. */
    public long endBytes() {
        return dataOffset + dataBlocks * Disk.BLOCK_BYTES;
    }

    /** The byte at which block {@code address} begins on every device. */
    public long offsetOf(long address) {
        return dataOffset + address * Disk.BLOCK_BYTES;
    }

    private static long roundUp(long offset) {
        return (offset + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
