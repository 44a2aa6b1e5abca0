package dev.holdfast.store.read;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;

/** Whether a request makes sense for a disk of some size; front ends are not trusted with that. */
public final class RangeCheck {
    private RangeCheck() {}

    /** True if the range lies inside the disk and, when {@code limited}, is at most the longest transfer. */
    public static boolean inside(Request request, long sizeBytes, boolean limited) {
        long offset = request.offset;
        long lengthBytes = request.lengthBytes;
        boolean ranged =
                offset >= 0 && lengthBytes >= 0 && lengthBytes <= sizeBytes && offset <= sizeBytes - lengthBytes;
        boolean transferable = !limited || lengthBytes <= BlockVolume.MAX_TRANSFER_BYTES;
        return ranged && transferable && (request.kind != Request.Kind.EXTENTS || request.maxExtents > 0);
    }
}
