package dev.holdfast.store.cache;

/** What a dirty map holds of a block. */
public enum DirtyKind {
    /** All of its bytes. */
    WHOLE,
    /** Some of its bytes; the others are those of the tree before. */
    PARTIAL,
    /** It reads as zeroes. */
    ZERO,
    /** A recorded error: its bytes were lost; reads answer an I/O error until it is overwritten whole. */
    UNREADABLE
}
