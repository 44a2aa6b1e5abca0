package dev.holdfast.store.tree;

/**
 * Where a block is and what it must hold.
 *
 * @param address in blocks of the array's data area, 0 for a hole
 * @param birth consistency point that wrote it
 * @param checksum CRC32C of its 4096 bytes
 * @param flags 1 present, 2 unreadable
 * @param used data blocks in use beneath; 1 for a data block
 */
public record BlockPointer(long address, long birth, int checksum, byte flags, long used) {
    /** Nothing there: reads as zeroes. */
    public static final BlockPointer HOLE = new BlockPointer(0, 0, 0, (byte) 0, 0);
}
