package dev.holdfast.frontend.nbd;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * What all connections of one loop may hold in replies together, so that a thousand clients that ask and do not listen
 * can't fill the machine. It says who must wait; it does not know what for.
 *
 * <p>A connection with nothing under way may always ask for a megabyte: who holds everything holds up only what is
 * longer. Memory stays below the limit and two megabytes for each connection.
 */
final class ReplySpace {
    /** What a connection may always have. */
    static final long OWN_BYTES = 1 << 20;

    /** Unused parts kept for the next gathered READ. */
    private static final int IDLE_PARTS = 8;

    private final Loop loop;
    private final long limitBytes;
    private final ArrayDeque<ByteBuffer> idleParts = new ArrayDeque<>();
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private ByteBuffer nowhere = ByteBuffer.allocate(0);
    private long usedBytes;

    ReplySpace(Loop loop, long limitBytes) {
        this.loop = loop;
        this.limitBytes = limitBytes;
    }

    /** True if a connection that holds {@code heldBytes} may ask for {@code wantedBytes} more. */
    boolean has(long heldBytes, long wantedBytes) {
        return usedBytes + wantedBytes <= limitBytes || heldBytes + wantedBytes <= OWN_BYTES;
    }

    /** A connection holds more than before, or less. */
    void adjust(long bytes) {
        usedBytes += bytes;
        Checks.that(usedBytes >= 0, "what is given back was taken", usedBytes);
        while (bytes < 0 && !waiting.isEmpty()) {
            loop.post(waiting.poll());
        }
    }

    /** Runs {@code task} once, in a later turn, when there may be more. */
    void whenMore(Runnable task) {
        waiting.add(task);
    }

    /** Where a READ puts its data when its client is gone; the next may overwrite it. */
    ByteBuffer nowhere() {
        if (nowhere.capacity() == 0) {
            nowhere = ByteBuffer.allocateDirect(BlockVolume.MAX_TRANSFER_BYTES);
        }
        return nowhere.clear();
    }

    /** An empty part of a gathered READ, of the longest transfer's length. */
    ByteBuffer takePart() {
        return idleParts.isEmpty() ? ByteBuffer.allocateDirect(BlockVolume.MAX_TRANSFER_BYTES) : idleParts.pop();
    }

    /** Gives back what {@link #takePart} gave. */
    void releasePart(ByteBuffer part) {
        if (idleParts.size() < IDLE_PARTS) {
            idleParts.push(part.clear());
        }
    }
}
