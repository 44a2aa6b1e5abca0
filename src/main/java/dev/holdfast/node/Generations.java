package dev.holdfast.node;

import dev.holdfast.base.Id128;
import dev.holdfast.io.Loop;
import dev.holdfast.store.root.GenerationKeeper;

/** Finds who keeps the generations of a pool; {@code committer} is the pool's loop. On the control loop. */
@FunctionalInterface
interface Generations {
    /** The keeper for one opening of the pool. */
    GenerationKeeper of(Id128 pool, Loop committer);
}
