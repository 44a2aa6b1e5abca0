/**
 * Objects as copy-on-write trees of checksummed pointers, the free map, and lists of blocks: straight code over nodes
 * that are at hand. What is not at hand is reported to the caller, never waited for; nothing here does I/O.
 */
package dev.holdfast.store.tree;
