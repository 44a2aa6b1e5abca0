package dev.holdfast.store.lane;

import java.util.List;

/**
 * Everything one lane gives to a consistency point.
 *
 * @param cp the consistency point it is for
 * @param shards those that changed, in order of id
 * @param releaseEntry every entry of the lane's memory log below this is covered by {@code cp} or an earlier one
 */
public record FrozenLane(long cp, List<FrozenShard> shards, long releaseEntry) {}
