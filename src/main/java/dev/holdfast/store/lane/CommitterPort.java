package dev.holdfast.store.lane;

import dev.holdfast.store.read.ReadEvents;

/**
 * What a lane asks of its pool's committer. Every call is made on the lane's loop and only posts; nothing is answered
 * inside it.
 */
public interface CommitterPort extends ReadEvents {
    /** Entries of this lane's memory log below {@code entry} are to be durable soon; at most one call per turn. */
    void commitWanted(int lane, long entry);

    /** A consistency point is to begin; {@code why} is one word or two for people. May be repeated. */
    void checkpointWanted(String why);

    /** The lane's cache is full; said once, and once more after each {@link LanePort#cacheGrant}. */
    void cacheWanted(int lane);

    /** The answer to {@link LanePort#freeze}. */
    void frozen(int lane, FrozenLane frozen);

    /** The answer to {@link LanePort#install}: the lane has let go of everything sealed for {@code cp}. */
    void installed(int lane, long cp);
}
