package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.host.BufferPool.Chunk;
import dev.holdfast.io.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived on one connection and was not taken yet. It holds memory only while it holds bytes: a connection
 * that waits costs none.
 *
 * <p>Bytes lie at {@code [start, end)} of the chunk. The size asked for follows what reads bring: doubled when one
 * fills the space it had, halved after many that used little of it.
 */
final class ReceiveBuffer {
    /** So many reads in a row that used less than an eighth of the space make the next chunk smaller. */
    private static final int SMALL_READS = 1024;

    private @Nullable Chunk chunk;
    private int start;
    private int end;
    private int preferredBytes = BufferPool.CHUNK_BYTES;
    private int smallReads;

    /** Bytes that have arrived and were not taken. */
    int heldBytes() {
        return end - start;
    }

    /** True if no more can arrive before something is taken. */
    boolean isFull() {
        return heldBytes() == Connection.RECEIVE_BYTES;
    }

    /** One read; what it answered. */
    int receive(Transport transport, BufferPool pool) throws IOException {
        Checks.that(!isFull(), "there is room to read into");
        ByteBuffer into = roomy(pool).fill();
        into.limit(into.capacity()).position(end);
        int room = into.remaining();
        int received = transport.read(into);
        if (received > 0) {
            end += received;
            adapt(room, received);
        }
        return received;
    }

    /** What is held, for the receiver to take from; {@link #taken} must follow. Only if bytes are held. */
    ByteBuffer held() {
        ByteBuffer bytes = current().fill();
        return bytes.limit(end).position(start);
    }

    /** The receiver has moved the position of {@link #held}; how many bytes it took. */
    int taken(BufferPool pool) {
        int position = current().fill().position();
        Checks.that(position >= start && position <= end, "a receiver takes what it was shown", position, start, end);
        int taken = position - start;
        start = position;
        releaseIfEmpty(pool);
        return taken;
    }

    /** Gives the memory back if nothing is held, as after a read that brought nothing. */
    void releaseIfEmpty(BufferPool pool) {
        if (start == end) {
            clear(pool);
        }
    }

    /** Forgets everything. */
    void clear(BufferPool pool) {
        if (chunk != null) {
            pool.giveBack(chunk);
            chunk = null;
        }
        start = 0;
        end = 0;
    }

    /** The chunk, with room behind the bytes held: moved to its front, or to a larger one, when it has little. */
    private Chunk roomy(BufferPool pool) {
        if (chunk == null) {
            chunk = pool.borrow(preferredBytes);
            return chunk;
        }
        Chunk present = chunk;
        int capacity = present.capacityBytes();
        if (capacity - end >= capacity / 2) {
            return present;
        }
        if (heldBytes() > capacity / 2 && capacity < Connection.RECEIVE_BYTES) {
            chunk = pool.borrow(2 * capacity);
            chunk.fill().put(0, present.fill(), start, heldBytes());
            pool.giveBack(present);
        } else if (start > 0) {
            present.fill().limit(end).position(start);
            present.fill().compact();
        }
        end -= start;
        start = 0;
        return current();
    }

    private Chunk current() {
        Chunk present = chunk;
        if (present == null) {
            throw Checks.unreachable("bytes are held");
        }
        return present;
    }

    private void adapt(int room, int received) {
        if (received == room) {
            preferredBytes = Math.min(2 * preferredBytes, Connection.RECEIVE_BYTES);
        }
        smallReads = received < preferredBytes / 8 ? smallReads + 1 : 0;
        if (smallReads == SMALL_READS && preferredBytes > BufferPool.CHUNK_BYTES) {
            preferredBytes /= 2;
            smallReads = 0;
        }
    }
}
