package dev.holdfast.store.work;

import dev.holdfast.array.Array;
import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Gathers the blocks of a consistency point into long writes. Blocks whose addresses follow one another go out
 * together; long runs that lie in memory already go out from there. It does not choose addresses and knows nothing of
 * order between blocks: only {@link #drain} orders.
 */
public final class StagingWriter {
    public static final int BLOCK_BYTES = 4096;
    private static final int BLOCKS_PER_BUFFER = 256;
    private static final int BUFFERS = 12;
    private static final int MOST_IN_PLACE_BYTES = 16 << 20;
    private static final long RETRY_NANOS = 1_000_000_000L;

    private static final class Buffer {
        final ByteBuffer bytes = ByteBuffer.allocateDirect((BLOCKS_PER_BUFFER + 1) * BLOCK_BYTES)
                .alignedSlice(BLOCK_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        int filled;
        int pushed;
        int underWay;
    }

    /** A write under way; without a buffer if its bytes belong to somebody else. */
    private record Write(Optional<Buffer> buffer, long address, ByteBuffer blocks) {}

    private final Array array;
    private final Loop loop;
    private final Trouble trouble;
    private final ArrayDeque<Buffer> free = new ArrayDeque<>();
    private final List<Write> writes = new ArrayList<>();
    private final ArrayDeque<Integer> freeTokens = new ArrayDeque<>();
    private Buffer current = new Buffer();
    private int buffersMade = 1;
    private long nextAddress;
    private long runAddress;
    private int outstanding;
    private int inPlaceBytes;
    private Runnable wake = () -> {};
    private boolean waiting;
    private Twin twin = Twin.NONE;

    public StagingWriter(Array array, Loop loop, Trouble trouble) {
        this.array = array;
        this.loop = loop;
        this.trouble = trouble;
    }

    /** {@code told} gets every block on its way, once. */
    void tell(Twin told) {
        twin = told;
    }

    /** Blocks that can be claimed, or written in place, now. */
    public int room() {
        if (inPlaceBytes >= MOST_IN_PLACE_BYTES) {
            return 0;
        }
        return BLOCKS_PER_BUFFER - current.filled + (free.size() + BUFFERS - buffersMade) * BLOCKS_PER_BUFFER;
    }

    /** Claims a block at {@code address}: the caller fills 4096 bytes of {@link #bytes} at the offset returned. */
    public int claim(long address) {
        Checks.that(address > 0, "address 0 is never used", address);
        if (current.filled == BLOCKS_PER_BUFFER) {
            push();
            current = takeBuffer();
        }
        if (address != nextAddress) {
            push();
        }
        if (current.pushed == current.filled) {
            runAddress = address;
        }
        nextAddress = address + 1;
        return current.filled++ * BLOCK_BYTES;
    }

    /** The buffer of the latest claim. */
    public ByteBuffer bytes() {
        return current.bytes;
    }

    /** Writes a block that is elsewhere in memory. */
    public void write(long address, ByteBuffer from, int offset) {
        int at = claim(address);
        current.bytes.put(at, from, offset, BLOCK_BYTES);
    }

    /** Writes consecutive blocks from where they lie; nobody changes them before the next {@link #drain} has ended. */
    public void writeInPlace(long address, ByteBuffer blocks) {
        Checks.that(address > 0 && blocks.remaining() % BLOCK_BYTES == 0, "whole blocks", address, blocks.remaining());
        inPlaceBytes += blocks.remaining();
        twin.wrote(address, blocks);
        start(new Write(Optional.empty(), address, blocks));
    }

    /** Runs {@code task} in a later turn, when at least one buffer is free. */
    public void whenRoom(Runnable task) {
        Checks.that(!waiting, "one waits at a time");
        waiting = true;
        wake = task;
        wakeIfPossible();
    }

    /** Sends what is gathered and runs {@code task} once nothing is under way. */
    public void drain(Runnable task) {
        push();
        nextAddress = 0;
        if (outstanding == 0) {
            loop.post(task);
        } else {
            Checks.that(!waiting, "one waits at a time");
            waiting = true;
            wake = () -> drain(task);
        }
    }

    private void push() {
        Checks.that(current.pushed <= current.filled, "what is sent was filled", current.filled);
        int from = current.pushed;
        if (from == current.filled) {
            return;
        }
        current.pushed = current.filled;
        current.underWay++;
        ByteBuffer blocks = current.bytes.slice(from * BLOCK_BYTES, (current.filled - from) * BLOCK_BYTES);
        twin.wrote(runAddress, blocks);
        start(new Write(Optional.of(current), runAddress, blocks));
    }

    private void start(Write write) {
        outstanding++;
        Integer token = freeTokens.pollFirst();
        if (token == null) {
            token = writes.size();
            writes.add(write);
        } else {
            writes.set(token, write);
        }
        array.write(write.address, write.blocks, loop, this::done, token);
    }

    private void done(long token, ArrayOutcome outcome) {
        Checks.that(outstanding > 0, "a write was under way", token);
        Write write = writes.get((int) token);
        outstanding--;
        freeTokens.addLast((int) token);
        switch (outcome) {
            case OK -> finish(write);
            case MEMBER_LOST -> {
                trouble.memberLost();
                finish(write);
            }
            case NO_SPACE -> {
                trouble.hostFull();
                outstanding++;
                loop.after(RETRY_NANOS, () -> {
                    outstanding--;
                    start(write);
                });
            }
            case FAILED -> trouble.failed("no device of the pool takes writes");
        }
    }

    private void finish(Write write) {
        if (write.buffer.isPresent()) {
            leave(write.buffer.get());
        } else {
            inPlaceBytes -= write.blocks.remaining();
        }
        wakeIfPossible();
    }

    private void leave(Buffer buffer) {
        buffer.underWay--;
        if (buffer.underWay == 0 && buffer.pushed == buffer.filled && (buffer != current || buffer.filled > 0)) {
            buffer.filled = 0;
            buffer.pushed = 0;
            if (buffer != current) {
                free.addLast(buffer);
            } else {
                nextAddress = 0;
            }
        }
    }

    private void wakeIfPossible() {
        if (waiting && (outstanding == 0 || room() >= BLOCKS_PER_BUFFER)) {
            waiting = false;
            loop.post(wake);
        }
    }

    private Buffer takeBuffer() {
        Buffer next = free.pollFirst();
        if (next != null) {
            return next;
        }
        Checks.that(buffersMade < BUFFERS, "the caller asked for room first", buffersMade);
        buffersMade++;
        return new Buffer();
    }
}
