/**
 * One replicated shard under simulation: nodes that run {@link dev.holdfast.mirror.Replica} over a plain model of the
 * store, a network that loses and repeats, clients, and what must hold after every event.
 */
@org.jspecify.annotations.NullMarked
package dev.holdfast.sim.shard;
