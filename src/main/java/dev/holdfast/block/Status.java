package dev.holdfast.block;

/** How a block request ended. */
public enum Status {
    /** Done. */
    OK,
    /** Some byte of the range could not be read or kept; nothing was invented in its place. */
    IO_ERROR,
    /** The pool has no room for it. */
    NO_SPACE,
    /** The range is outside the disk, or the request makes no sense. */
    INVALID,
    /** The disk does not take changes. */
    READ_ONLY,
    /** The server is stopping; the request had no effect that was promised. */
    SHUTDOWN,
    /**
     * This node does not, or no longer, speak for the disk: whether the request had an effect is not known here; ask
     * elsewhere.
     */
    MOVED
}
