package dev.holdfast.device;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Disk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes buffers as a {@link Disk} wants them. It is not a pool: these are for opening, formatting and rebuilding. */
public final class BlockBuffer {
    private BlockBuffer() {}

    /** {@code lengthBytes} zeroes, direct, 4096-aligned, little endian. */
    public static ByteBuffer allocate(int lengthBytes) {
        Checks.that(lengthBytes > 0 && lengthBytes % Disk.BLOCK_BYTES == 0, "whole blocks", lengthBytes);
        return ByteBuffer.allocateDirect(lengthBytes + Disk.BLOCK_BYTES)
                .alignedSlice(Disk.BLOCK_BYTES)
                .limit(lengthBytes)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}
