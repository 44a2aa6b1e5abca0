/** One replicated shard as seen from each side: who may speak, what may be acknowledged, how two logs become equal. */
@org.jspecify.annotations.NullMarked
package dev.holdfast.mirror;
