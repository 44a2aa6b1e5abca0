package dev.holdfast.mirror;

/**
 * How far an image for another node is, in blocks of 4096 bytes.
 *
 * @param node who gets it
 * @param to the position that it is of
 * @param isAll whether it is of everything in use, not of what was changed since a root
 * @param leftBlocks so many more have bytes to be sent; -1 until they were counted
 * @param sentBlocks with bytes were sent in this epoch, again included
 * @param laidBlocks before this one all is laid there
 * @param endBlock where it ends
 */
public record ImageStatus(
        int node, Position to, boolean isAll, long leftBlocks, long sentBlocks, long laidBlocks, long endBlock) {}
