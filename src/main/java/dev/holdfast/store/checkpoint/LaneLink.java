package dev.holdfast.store.checkpoint;

import dev.holdfast.io.Loop;
import dev.holdfast.store.lane.LanePort;
import java.util.function.Consumer;

/**
 * The committer's way to one lane: everything is posted to the lane's loop.
 *
 * @param loop the lane's
 * @param lane the lane, touched only there
 */
public record LaneLink(Loop loop, LanePort lane) {
    public void tell(Consumer<LanePort> message) {
        loop.post(() -> message.accept(lane));
    }
}
