package dev.holdfast.store.lane;

import java.util.List;

/**
 * What a durable root means for one lane.
 *
 * @param cp the root's consistency point
 * @param shards those of this lane whose trees it changed
 * @param releaseEntry memory log entries below this are covered; as the lane said when it froze
 */
public record Installed(long cp, List<InstalledShard> shards, long releaseEntry) {}
