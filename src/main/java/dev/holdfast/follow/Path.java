package dev.holdfast.follow;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Network.Address;
import java.util.Optional;

/**
 * A way to whoever leads, which has answered.
 *
 * @param disk where requests go
 * @param address of the node; empty for the copy on this one
 * @param reign in which it leads there
 * @param lostBefore as {@link dev.holdfast.block.LedVolume#lostBefore} says it there
 * @param end leaves it for good
 */
record Path(BlockVolume disk, Optional<Address> address, long reign, long lostBefore, Runnable end) {}
