package dev.holdfast.store.tree;

/** What a lookup in a tree has found. */
public enum Lookup {
    /** A block is there. */
    FOUND,
    /** Nothing is there; it reads as zeroes. */
    HOLE,
    /** A recorded error is there; reading it is an I/O error. */
    UNREADABLE,
    /** A node on the way is not at hand; bring it and ask again. */
    MISSING
}
