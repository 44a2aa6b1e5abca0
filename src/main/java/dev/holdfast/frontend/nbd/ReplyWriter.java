package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Connection;
import java.nio.ByteBuffer;

/** Puts replies into bytes ({@link TransmissionWire} has the tables). It decides nothing. */
final class ReplyWriter {
    private static final int OFFSET_BYTES = 8;

    /** Shorter data is sent as it is, even if it is zero. */
    private static final int LEAST_HOLE_BYTES = 512;

    private static final int ZERO_BYTES = 16 << 10;

    /** What data is compared with; small, so that it stays in the cache. */
    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(ZERO_BYTES);

    private final Connection connection;
    private final boolean structured;
    private final ByteBuffer zeroes = ZEROES.duplicate();

    /** The READ reply being made, between {@link #beginData} and {@link #endData}. */
    private ByteBuffer dataSpace = ByteBuffer.allocate(0);

    private int chunkStart;
    private int dataStart;
    private int dataEnd;

    ReplyWriter(Connection connection, boolean structured) {
        this.connection = connection;
        this.structured = structured;
    }

    /** A READ of nothing is done; with structured replies that takes a chunk. */
    void readNothing(long cookie) {
        if (structured) {
            chunk(NBD_REPLY_FLAG_DONE, NBD_REPLY_TYPE_NONE, cookie, 0);
        } else {
            simple(cookie, NBD_OK);
        }
    }

    /** The whole request failed. */
    void failed(long cookie, int error) {
        Checks.that(error != NBD_OK, "an error has a number");
        if (!structured) {
            simple(cookie, error);
            return;
        }
        byte[] text = NbdErrors.textOf(error);
        ByteBuffer out = chunk(NBD_REPLY_FLAG_DONE, NBD_REPLY_TYPE_ERROR, cookie, 6 + text.length);
        out.putInt(error).putShort((short) text.length).put(text);
    }

    /** The part of a READ that begins at {@code offset} failed. */
    void failedAt(long cookie, int error, long offset, boolean last) {
        Checks.that(structured, "only chunks tell where");
        byte[] text = NbdErrors.textOf(error);
        int flags = last ? NBD_REPLY_FLAG_DONE : 0;
        ByteBuffer out = chunk(flags, NBD_REPLY_TYPE_ERROR_OFFSET, cookie, 6 + text.length + OFFSET_BYTES);
        out.putInt(error).putShort((short) text.length).put(text).putLong(offset);
    }

    /** The head of a READ reply; its data goes into the buffer returned, up to {@link #endData}. */
    ByteBuffer beginData(long cookie, long offset, int lengthBytes, boolean last) {
        if (structured) {
            int flags = last ? NBD_REPLY_FLAG_DONE : 0;
            dataSpace = connection.reserve(CHUNK_HEADER_BYTES + OFFSET_BYTES + lengthBytes);
            chunkStart = dataSpace.position();
            putChunk(dataSpace, flags, NBD_REPLY_TYPE_OFFSET_DATA, cookie, OFFSET_BYTES + lengthBytes);
            dataSpace.putLong(offset);
        } else {
            dataSpace = connection.reserve(SIMPLE_REPLY_BYTES + lengthBytes);
            putSimple(dataSpace, cookie, NBD_OK);
        }
        dataStart = dataSpace.position();
        dataEnd = dataStart + lengthBytes;
        return dataSpace;
    }

    /**
     * The data is there; whoever put it may or may not have moved the buffer's position. Zeroes are sent as a hole:
     * finding out costs nothing for other data, and less than sending them.
     */
    void endData() {
        if (structured && isZero()) {
            int lengthBytes = dataEnd - dataStart;
            dataSpace.putShort(chunkStart + 6, (short) NBD_REPLY_TYPE_OFFSET_HOLE);
            dataSpace.putInt(chunkStart + 16, OFFSET_BYTES + 4);
            dataSpace.position(dataStart).putInt(lengthBytes);
        } else {
            dataSpace.position(dataEnd);
        }
    }

    private boolean isZero() {
        if (dataEnd - dataStart < LEAST_HOLE_BYTES
                || dataSpace.getLong(dataStart) != 0
                || dataSpace.getLong(dataEnd - Long.BYTES) != 0) {
            return false;
        }
        int limit = dataSpace.limit();
        boolean zero = true;
        for (int at = dataStart; zero && at < dataEnd; at += ZERO_BYTES) {
            int end = Math.min(at + ZERO_BYTES, dataEnd);
            zero = dataSpace.limit(end).position(at).mismatch(zeroes.limit(end - at)) < 0;
        }
        dataSpace.limit(limit);
        return zero;
    }

    /** The whole reply to a READ whose data was gathered in {@code parts}. */
    void gathered(Operation operation) {
        if (structured) {
            int payloadBytes = OFFSET_BYTES + (int) operation.lengthBytes;
            chunk(NBD_REPLY_FLAG_DONE, NBD_REPLY_TYPE_OFFSET_DATA, operation.cookie, payloadBytes, OFFSET_BYTES)
                    .putLong(operation.offset);
        } else {
            simple(operation.cookie, NBD_OK);
        }
        for (int i = 0; i < operation.partCount; i++) {
            ByteBuffer part = operation.parts[i];
            connection.reserve(part.remaining()).put(part);
        }
    }

    /** What is known of the range asked for; what the disk did not speak of may be anything. */
    void blockStatus(Operation operation, int contextId) {
        if (operation.extentCount == 0) {
            operation.addExtent(operation.lengthBytes, 0);
        }
        int count = operation.extentCount;
        ByteBuffer out = chunk(NBD_REPLY_FLAG_DONE, NBD_REPLY_TYPE_BLOCK_STATUS, operation.cookie, 4 + 8 * count);
        out.putInt(contextId);
        for (int i = 0; i < 2 * count; i++) {
            out.putInt(operation.extents[i]);
        }
    }

    /** Done or failed, and there is no data. */
    void simple(long cookie, int error) {
        putSimple(connection.reserve(SIMPLE_REPLY_BYTES), cookie, error);
    }

    private static void putSimple(ByteBuffer out, long cookie, int error) {
        out.putInt(NBD_SIMPLE_REPLY_MAGIC).putInt(error).putLong(cookie);
    }

    private ByteBuffer chunk(int flags, int type, long cookie, int payloadBytes) {
        return chunk(flags, type, cookie, payloadBytes, payloadBytes);
    }

    /** The head of a chunk, in a buffer that has room for {@code spaceBytes} of its payload. */
    private ByteBuffer chunk(int flags, int type, long cookie, int payloadBytes, int spaceBytes) {
        ByteBuffer out = connection.reserve(CHUNK_HEADER_BYTES + spaceBytes);
        putChunk(out, flags, type, cookie, payloadBytes);
        return out;
    }

    private static void putChunk(ByteBuffer out, int flags, int type, long cookie, int payloadBytes) {
        out.putInt(NBD_STRUCTURED_REPLY_MAGIC).putShort((short) flags).putShort((short) type);
        out.putLong(cookie).putInt(payloadBytes);
    }
}
