/**
 * The committer's tools: the newest root's state in memory, blocks loaded and blocks staged, long jobs in slices,
 * roots made durable.
 */
package dev.holdfast.store.work;
