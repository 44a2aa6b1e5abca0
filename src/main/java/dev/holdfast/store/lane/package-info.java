/**
 * A pool's part on one shard loop: admission and numbering of changes, dirty maps, reads; and the words that lanes and
 * their committer speak. Nothing here writes to the array.
 */
package dev.holdfast.store.lane;
