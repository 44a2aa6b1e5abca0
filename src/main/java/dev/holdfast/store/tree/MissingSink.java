package dev.holdfast.store.tree;

/** Told which blocks a walk would need. */
@FunctionalInterface
public interface MissingSink {
    /**
     * The block that {@code pointer} names is to be read, verified and put into the node source. The slot is the
     * caller's. The same block may be named again in a later round, and in rare cases twice in one.
     */
    void missing(PointerSlot pointer);
}
