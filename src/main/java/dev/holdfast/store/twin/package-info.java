/**
 * A pool's copy at another place, consistency point by consistency point, from both sides (pool-mirror.md): the source,
 * which is an ordinary pool, and the twin, which runs no tree code and holds exactly the source's roots.
 */
@NullMarked
package dev.holdfast.store.twin;

import org.jspecify.annotations.NullMarked;
