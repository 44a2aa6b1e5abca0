package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.host.BufferPool.Chunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What one connection has still to send: a chain of chunks, filled at its end and sent from its front. It decides
 * nothing about when to send.
 *
 * <ol>
 *   <li>The last chunk is the only one that is filled; its drain's limit is how far it has been settled.
 *   <li>{@code queuedBytes} is the sum of what all drains have remaining.
 * </ol>
 */
final class SendQueue {
    /** The most chunks of one gathering write. */
    private static final int GATHERED = 64;

    private Chunk[] ring = new Chunk[8];
    private int head;
    private int count;
    private long queuedBytes;
    private final ByteBuffer[] gathered = new ByteBuffer[GATHERED];

    /** Space for {@code lengthBytes} at the end of the chain. */
    ByteBuffer reserve(BufferPool pool, int lengthBytes) {
        settle();
        if (count == 0 || last().fill().remaining() < lengthBytes) {
            append(pool.borrow(lengthBytes));
        }
        return last().fill();
    }

    /** Queues what the caller has put into the space he was given; the bytes queued now. */
    long settle() {
        if (count > 0) {
            Chunk last = last();
            int settled = last.drain().limit();
            int filled = last.fill().position();
            Checks.that(filled >= settled, "what is queued stays queued", filled, settled);
            queuedBytes += filled - settled;
            last.drain().limit(filled);
            last.fill().limit(last.capacityBytes());
        }
        return queuedBytes;
    }

    /** Sends until all is sent or {@code transport} takes no more; settled before. The bytes still queued. */
    long send(Transport transport, BufferPool pool) throws IOException {
        while (queuedBytes > 0) {
            long wanted = 0;
            int chunks = Math.min(count, GATHERED);
            for (int i = 0; i < chunks; i++) {
                gathered[i] = at(i).drain();
                wanted += gathered[i].remaining();
            }
            long sent = transport.write(gathered, chunks);
            queuedBytes -= sent;
            releaseSent(pool);
            if (sent < wanted) {
                break;
            }
        }
        if (queuedBytes == 0) {
            releaseSent(pool);
        }
        return queuedBytes;
    }

    /** Forgets everything. */
    void clear(BufferPool pool) {
        for (; count > 0; count--) {
            pool.giveBack(at(0));
            head = (head + 1) & (ring.length - 1);
        }
        queuedBytes = 0;
    }

    private void releaseSent(BufferPool pool) {
        while (count > 0 && !at(0).drain().hasRemaining()) {
            pool.giveBack(at(0));
            head = (head + 1) & (ring.length - 1);
            count--;
        }
    }

    private void append(Chunk chunk) {
        if (count == ring.length) {
            Chunk[] larger = Arrays.copyOf(ring, 2 * count);
            for (int i = 0; i < count; i++) {
                larger[i] = at(i);
            }
            ring = larger;
            head = 0;
        }
        ring[(head + count++) & (ring.length - 1)] = chunk;
    }

    private Chunk at(int index) {
        return ring[(head + index) & (ring.length - 1)];
    }

    private Chunk last() {
        return at(count - 1);
    }
}
