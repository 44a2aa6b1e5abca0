package dev.holdfast.store.checkpoint;

import dev.holdfast.io.Loop;
import dev.holdfast.store.cache.NewNodes;
import dev.holdfast.store.lane.LanePort;
import java.util.function.Consumer;

/**
 * The committer's way to one lane: everything is posted to the lane's loop.
 *
 * @param loop the lane's
 * @param lane the lane, touched only there
 * @param nodes what the consistency point under way brings into the lane's cache
 */
public record LaneLink(Loop loop, LanePort lane, NewNodes nodes) {
    /** New nodes handed to all lanes at once, 4096 bytes each. */
    private static final int MOST_NODES = 16384;

    /** The way to one of {@code lanes} lanes. */
    public LaneLink(Loop loop, LanePort lane, int lanes) {
        this(loop, lane, new NewNodes(MOST_NODES / lanes));
    }

    /** Runs {@code message} on the lane's loop. */
    public void tell(Consumer<LanePort> message) {
        loop.post(() -> message.accept(lane));
    }
}
