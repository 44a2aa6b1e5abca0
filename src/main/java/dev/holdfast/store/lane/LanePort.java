package dev.holdfast.store.lane;

import dev.holdfast.store.read.LostBlock;
import java.util.List;

/** What a committer tells a lane. Every call runs on the lane's loop. */
public interface LanePort {
    /** Entries of this lane's memory log below {@code entry} are durable, in the ring or by a root. */
    void logged(long entry);

    /**
     * From now on changes are durable only where {@link #logged} says so, whichever roots come, and every change is
     * answered when it is durable; {@code reached} runs, on the lane's loop, once everything held by now is.
     */
    void twinned(Runnable reached);

    /** That is over: roots say what is durable, too, and changes are answered when they are held. */
    void alone();

    /** Who waits for something durable, or will, is told that the pool stops. */
    void stopWaiting();

    /** Consistency point {@code cp} begins: the lane seals its changes and answers {@link CommitterPort#frozen}. */
    void freeze(long cp);

    /**
     * Root {@code installed.cp()} is durable: its trees are the ones to read from, what was sealed for it goes into the
     * cache, log memory below its release entry is let go; then the lane answers {@link CommitterPort#installed}.
     */
    void install(Installed installed);

    /**
     * At most {@code blocks} blocks may be dirty in changes that are not frozen yet, those admitted before this call
     * included; replaces the last grant. At every freeze the lane lowers it by the blocks it froze, so a grant
     * needs no knowledge of what the lane admitted while it was on its way. Lanes start with a grant of 0.
     */
    void grant(long blocks);

    /** The cache has {@code frames} more from now on, for good. */
    void cacheGrant(int frames);

    /**
     * Whether the file system under the last device is full: then writes are taken while memory has room for them
     * and fail with NO_SPACE after that, instead of waiting for a consistency point that may never end.
     */
    void hostFull(boolean isFull);

    /** Changes that were not taken yet wait while {@code paused}; what was taken is finished. */
    void pause(boolean paused);

    /** These blocks were found lost by somebody who does not wait for them: other copies of their shards are asked. */
    void blocksLost(List<LostBlock> lost);

    /** This side of the pool is not the pool any more: whatever comes from now on fails, reads too. */
    void retire();

    /** No change can be kept any more: changes fail from now on, reads go on. {@code why} is one line for people. */
    void poolFailed(String why);
}
