package dev.holdfast.io;

/** Opens and creates disks by path. A disk is locked while open, across processes of the machine. */
public interface Disks {
    /**
     * Opens an existing file or block device for reading and writing.
     *
     * @throws WorldException if it is missing, locked (the message names the holder if known), too short or unreadable
     */
    Disk open(String path) throws WorldException;

    /**
     * Creates a sparse file of {@code lengthBytes} and opens it.
     *
     * @throws WorldException if it exists, or can't be made
     */
    Disk create(String path, long lengthBytes) throws WorldException;

    /** True if something is at {@code path}. */
    boolean exists(String path);
}
