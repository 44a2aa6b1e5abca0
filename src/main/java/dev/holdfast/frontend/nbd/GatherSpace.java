package dev.holdfast.frontend.nbd;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Memory in which long READs are put together that must be answered in one piece; shared by all connections of a loop,
 * so that a thousand clients can't fill the machine with it. Bounded; who finds none left waits.
 */
final class GatherSpace {
    /** All that is ever in use, in parts of {@link BlockVolume#MAX_TRANSFER_BYTES}: two READs of the longest kind. */
    static final int PARTS = 72;

    /** Unused parts kept for the next. */
    private static final int IDLE_PARTS = 8;

    private final Loop loop;
    private final ArrayDeque<ByteBuffer> idle = new ArrayDeque<>();
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private int usedParts;

    GatherSpace(Loop loop) {
        this.loop = loop;
    }

    /** True if {@code parts} parts could be taken now. */
    boolean has(int parts) {
        Checks.that(parts <= PARTS, "a READ can be gathered", parts);
        return usedParts + parts <= PARTS;
    }

    /** Runs {@code task} once, in a later turn, when there may be more. */
    void whenMore(Runnable task) {
        waiting.add(task);
    }

    /** One empty part. */
    ByteBuffer take() {
        Checks.that(usedParts < PARTS, "parts are taken after asking", usedParts);
        usedParts++;
        return idle.isEmpty() ? ByteBuffer.allocateDirect(BlockVolume.MAX_TRANSFER_BYTES) : idle.pop();
    }

    /** Gives back what {@link #take} gave. */
    void release(ByteBuffer part) {
        usedParts--;
        Checks.that(usedParts >= 0, "a part is given back once", usedParts);
        if (idle.size() < IDLE_PARTS) {
            idle.push(part.clear());
        }
        while (!waiting.isEmpty()) {
            loop.post(waiting.poll());
        }
    }
}
