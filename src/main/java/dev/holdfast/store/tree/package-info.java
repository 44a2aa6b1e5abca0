/** Copy-on-write trees of checksummed blocks: pointers, lookups, updates, the free map, lists of blocks. */
package dev.holdfast.store.tree;
