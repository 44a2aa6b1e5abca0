/**
 * Serves reads of a disk from dirty maps, a tree and a block cache: at once when all is at hand, else when it has
 * come.
 */
package dev.holdfast.store.read;
