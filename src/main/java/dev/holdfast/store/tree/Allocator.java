package dev.holdfast.store.tree;

/** Gives out addresses that no retained root reaches. */
@FunctionalInterface
public interface Allocator {
    /** The address of one block, for good; running out is prevented by admission, so it is a broken invariant here. */
    long allocate();
}
