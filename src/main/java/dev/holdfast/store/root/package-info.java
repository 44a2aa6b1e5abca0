/** What a pool writes about itself: roots, the shard table, snapshot tables. Formats and their invariants, no I/O. */
package dev.holdfast.store.root;
