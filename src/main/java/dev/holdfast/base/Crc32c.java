package dev.holdfast.base;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * Computes CRC-32C (Castagnoli; RFC 3720 appendix B.4) over parts of buffers, allocating nothing. It has one owner
 * and keeps no buffer: each object that computes checksums on a loop has one.
 *
 * <p>Position and limit of a buffer are moved during a call and put back, so a buffer that another loop uses too is
 * given as this owner's own duplicate. Bytes outside the range do not matter; position and limit of the caller neither.
 */
public final class Crc32c {
    /** Bytes of a block, see {@link #ofBlock}. */
    public static final int BLOCK_BYTES = 4096;

    private final CRC32C crc = new CRC32C();

    /** A calculator for one owner. */
    public Crc32c() {}

    /**
     * The checksum of {@code lengthBytes} bytes at absolute index {@code offset}.
     *
     * @throws IndexOutOfBoundsException if the range is not inside the buffer's capacity
     */
    public int of(ByteBuffer buffer, int offset, int lengthBytes) {
        crc.reset();
        add(buffer, offset, lengthBytes);
        return (int) crc.getValue();
    }

    /** The checksum of the 4096 bytes at absolute index {@code offset}. */
    public int ofBlock(ByteBuffer buffer, int offset) {
        return of(buffer, offset, BLOCK_BYTES);
    }

    /**
     * The checksum of a range with the four bytes at {@code fieldOffset} (absolute, inside the range) counted as zero:
     * how a block carries its own checksum. The buffer is not changed.
     */
    public int ofWithoutField(ByteBuffer buffer, int offset, int lengthBytes, int fieldOffset) {
        Checks.that(
                fieldOffset >= offset && fieldOffset + Integer.BYTES <= offset + lengthBytes,
                "the field lies inside the range",
                fieldOffset);
        crc.reset();
        add(buffer, offset, fieldOffset - offset);
        crc.update(0);
        crc.update(0);
        crc.update(0);
        crc.update(0);
        int after = fieldOffset + Integer.BYTES;
        add(buffer, after, offset + lengthBytes - after);
        return (int) crc.getValue();
    }

    private void add(ByteBuffer buffer, int offset, int lengthBytes) {
        Objects.checkFromIndexSize(offset, lengthBytes, buffer.capacity());
        int position = buffer.position();
        int limit = buffer.limit();
        buffer.limit(offset + lengthBytes).position(offset);
        crc.update(buffer);
        buffer.limit(limit).position(position);
    }
}
