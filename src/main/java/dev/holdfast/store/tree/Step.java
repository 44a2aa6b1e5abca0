package dev.holdfast.store.tree;

/** How one call of a cursor ended. */
public enum Step {
    /** The cursor holds the next piece. */
    FOUND,
    /** A block is not at hand; bring it and call again. Nothing is lost or repeated. */
    MISSING,
    /** Nothing yet, and enough for one call; call again. */
    MORE,
    /** There is nothing more. */
    END
}
