package dev.holdfast.io;

/** How a disk operation ended. */
public enum DiskOutcome {
    /** Done as promised. */
    OK,
    /** This range could not be read or written; other ranges may work. */
    MEDIA_ERROR,
    /** The file system that holds the disk's file has no space; nothing is known of the range. */
    FULL,
    /** The disk does not answer any more, or was closed. */
    GONE
}
