/** Blocks in memory: those that a device has (the block cache) and those that none has yet (dirty maps). */
package dev.holdfast.store.cache;
