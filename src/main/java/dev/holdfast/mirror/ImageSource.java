package dev.holdfast.mirror;

import java.util.Optional;

/** An image of the shard as a root here has it, read a piece at a time for one other replica. */
public interface ImageSource {
    /** The position that it is of: stable, in the log here. */
    Position to();

    /** How long the shard was there, in bytes. */
    long sizeBytes();

    /**
     * What begins at block {@code first}, where the piece before ended; empty while it is being read: {@link
     * Replica#imageRead} follows.
     */
    Optional<ImagePiece> piece(long first);

    /** The snapshots that are there. */
    KeptSnapshots kept();

    /** Whether it is of everything in use, not of what was changed since a root. */
    boolean isAll();

    /** So many blocks have bytes that no piece has had yet; -1 until they were counted. */
    long leftBlocks();

    /** Where the image ends. */
    default long endBlock() {
        return Math.ceilDiv(sizeBytes(), ImagePiece.BLOCK_BYTES);
    }
}
