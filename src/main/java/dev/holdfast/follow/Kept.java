package dev.holdfast.follow;

import dev.holdfast.base.Mutant;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * One request that is not answered, with all that is needed to send it again; pooled, and linked in the order of
 * arrival.
 */
final class Kept implements Request.Completion {
    /** No bytes. */
    static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0);

    private final FollowedVolume volume;

    /** Who asked. */
    Request asked;

    /** What went out last; another one whenever that has not come back. */
    Request sent = new Request(this);

    /** The path has {@link #sent}, and its answer counts. */
    boolean isSent;

    /** The path may still use {@link #sent}. */
    boolean isAway;

    /** Of a WRITE. */
    ByteBuffer bytes = NO_BYTES;

    long sinceNanos;

    /** Of a FLUSH: changes that were answered before it came, the reign of the path then, losses that were told. */
    long changesBefore;

    long reignBefore;
    long lossesTold;
    Kept before = this;
    Kept after = this;

    /** Extents that were told, an allocated one as its length, any other as its length negated. */
    private long[] extents = new long[0];

    private int extentCount;

    Kept(FollowedVolume volume) {
        this.volume = volume;
        this.asked = sent;
    }

    /** What to send now. */
    Request again() {
        if (isAway) {
            sent = new Request(this); // A path that was left still has the one before.
        }
        isSent = true;
        isAway = true;
        extentCount = 0;
        sent.kind = asked.kind;
        sent.offset = asked.offset;
        sent.lengthBytes = asked.lengthBytes;
        sent.forceUnitAccess = asked.forceUnitAccess;
        sent.keepAllocated = asked.keepAllocated;
        sent.maxExtents = asked.maxExtents;
        return sent;
    }

    /** Bytes that the path must have room for. */
    int dataBytes() {
        return asked.kind == Request.Kind.WRITE ? (int) asked.lengthBytes : 0;
    }

    /** Who asked is told the extents that were told last. */
    void tellExtents() {
        for (int i = 0; i < extentCount; i++) {
            asked.completion().extent(asked, Math.abs(extents[i]), extents[i] > 0);
        }
    }

    @Override
    public ByteBuffer readSpace(Request request) {
        return counts(request) ? asked.completion().readSpace(asked) : volume.nowhere();
    }

    @Override
    public void extent(Request request, long lengthBytes, boolean allocated) {
        if (!counts(request)) {
            return;
        }
        if (extentCount == extents.length) {
            extents = Arrays.copyOf(extents, Math.max(16, 2 * extentCount));
        }
        extents[extentCount++] = allocated ? lengthBytes : -lengthBytes;
    }

    @Override
    public void completed(Request request, Status status) {
        boolean counts = counts(request);
        isAway &= request != sent;
        if (counts) {
            volume.answered(this, status);
        }
    }

    private boolean counts(Request request) {
        return isSent && (request == sent || Mutant.on("follow.left-path-is-heard"));
    }
}
