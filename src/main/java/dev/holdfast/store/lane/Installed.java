package dev.holdfast.store.lane;

import dev.holdfast.store.cache.NewNodes;
import java.util.List;

/**
 * What a durable root means for one lane.
 *
 * @param cp the root's consistency point
 * @param shards those of this lane whose trees it changed
 * @param releaseEntry memory log entries below this are covered; as the lane said when it froze
 * @param nodes what the trees of {@code shards} have now that they had not before; until the lane has answered
 */
public record Installed(long cp, List<InstalledShard> shards, long releaseEntry, NewNodes nodes) {}
