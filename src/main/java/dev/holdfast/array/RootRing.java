package dev.holdfast.array;

import java.nio.ByteBuffer;

/**
 * One device's root ring as it was found. Slots that could not be read are filled with FF, which is neither a root nor
 * blank.
 *
 * @param slot the device's place in the array
 * @param present the device is a member of the opened array
 * @param bytes 128 blocks of 4096 bytes, little endian
 */
public record RootRing(int slot, boolean present, ByteBuffer bytes) {}
