/** The bytes of what replicas say to each other, and the links between nodes that carry them. */
@org.jspecify.annotations.NullMarked
package dev.holdfast.mirror.wire;
