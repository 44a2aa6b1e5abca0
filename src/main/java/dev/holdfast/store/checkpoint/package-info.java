/** One consistency point, stage by stage, and what it does to each shard. */
package dev.holdfast.store.checkpoint;
