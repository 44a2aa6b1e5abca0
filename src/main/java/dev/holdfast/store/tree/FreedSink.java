package dev.holdfast.store.tree;

/** Told of every block that an object no longer reaches. */
@FunctionalInterface
public interface FreedSink {
    /**
     * The new version of the object does not reach this block.
     *
     * @param birth the consistency point that wrote it; the running one when it was written and replaced within it
     * @param node whether it was a node of the tree; otherwise a data block
     */
    void freed(long address, long birth, boolean node);
}
