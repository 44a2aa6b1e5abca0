package dev.holdfast.io;

import java.util.Optional;

/**
 * Named memory that outlives this process, and nothing more: a power cut, a reboot, or somebody who removes the file
 * loses it. Whoever uses it must recognise his own bytes (pool, boot, open counter, checksums) before trusting them.
 *
 * <p>When a process dies, everything its finished machine instructions stored is there for the next one; of stores
 * not ordered by a release fence any subset may be missing.
 */
public interface SharedMemory {
    /** Names the present boot of the machine; 16 bytes as two longs, high half first. Differs after every power cut. */
    long bootIdHigh();

    /** Low half of the boot id. */
    long bootIdLow();

    /** Where the memory lives, for people and for noticing that another place was used in between. */
    String place();

    /**
     * Maps the region {@code name} as it is, at the length it has, and locks it; makes nothing.
     *
     * @return empty if there is none
     * @throws WorldException if it can't be read, is something that {@link #open} can't have made, or another live
     *     process holds it
     */
    Optional<MemoryRegion> find(String name) throws WorldException;

    /**
     * Maps the region {@code name}, creating it zeroed if it is not there, and locks it. One that is there with another
     * length is made anew if it is all zero.
     *
     * @param lengthBytes a multiple of 4096, at most 1 GiB
     * @throws WorldException if the place is too small, not writable, another live process holds the region, or it has
     *     another length and holds something
     */
    MemoryRegion open(String name, int lengthBytes) throws WorldException;
}
