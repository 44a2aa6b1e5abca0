package dev.holdfast.block;

import java.nio.ByteBuffer;

/**
 * One request to a block disk, reused by its front end once it has completed. It holds no bytes of its own. Between
 * {@link BlockVolume#submit} and its completion it belongs to the volume.
 */
public final class Request {
    /** What is asked for. */
    public enum Kind {
        /** Bytes of a range, at most {@link BlockVolume#MAX_TRANSFER_BYTES}. */
        READ,
        /** Bytes into a range, at most {@link BlockVolume#MAX_TRANSFER_BYTES}. */
        WRITE,
        /** Everything acknowledged before becomes durable. */
        FLUSH,
        /** The range may lose its bytes; it reads as zeroes afterwards. */
        TRIM,
        /** The range reads as zeroes afterwards. */
        ZERO,
        /** The range will be read soon; a hint. */
        CACHE,
        /** Which parts of the range are allocated; answered through {@link Completion#extent}. */
        EXTENTS
    }

    /** What is asked for. */
    public Kind kind = Kind.FLUSH;

    /** First byte. */
    public long offset;

    /** Bytes; for READ and WRITE at most {@link BlockVolume#MAX_TRANSFER_BYTES}. */
    public long lengthBytes;

    /** For changes: complete only when durable (force unit access). */
    public boolean forceUnitAccess;

    /** For ZERO: keep the range allocated where that means something (NBD NO_HOLE). */
    public boolean keepAllocated;

    /** For EXTENTS: the most extents wanted. */
    public int maxExtents;

    /** The front end's own number for it. */
    public long cookie;

    /** For the volume's use: links requests that wait for the same thing. */
    public Request next = this;

    /** For the volume's use: what the request waits for. */
    public long waitsFor;

    private final Completion completion;

    /** A request that reports to {@code completion}. */
    public Request(Completion completion) {
        this.completion = completion;
    }

    /** Who is told. */
    public Completion completion() {
        return completion;
    }

    /** Told what becomes of requests; every call on the volume's loop, possibly inside {@link BlockVolume#submit}. */
    public interface Completion {
        /**
         * For READ: all bytes are at hand; return a buffer with at least {@code lengthBytes} remaining, they are put at
         * its position. {@link #completed} follows at once with OK.
         */
        ByteBuffer readSpace(Request request);

        /** For EXTENTS: the next extent in order; {@code allocated} false means it reads as zero and takes no space. */
        void extent(Request request, long lengthBytes, boolean allocated);

        /** The request has ended and is the front end's again. */
        void completed(Request request, Status status);
    }
}
