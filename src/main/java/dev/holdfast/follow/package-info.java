/** The volume that follows its primary: what front ends get of a mirrored shard, on whichever node. */
@org.jspecify.annotations.NullMarked
package dev.holdfast.follow;
