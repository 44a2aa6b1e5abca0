/** A replicated shard over the real store: the protocol's log is a lane's, and its entries carry bytes. */
@org.jspecify.annotations.NullMarked
package dev.holdfast.replica;
