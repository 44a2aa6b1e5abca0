package dev.holdfast.store.tree;

/**
 * One object as a root has it.
 *
 * @param root the topmost pointer
 * @param height 0 for nothing, 1 when {@code root} is a data block, one more per level of nodes
 * @param blocks length in blocks
 */
public record ObjectRoot(BlockPointer root, int height, long blocks) {
    /** No blocks at all. */
    public static final ObjectRoot EMPTY = new ObjectRoot(BlockPointer.HOLE, 0, 0);
}
