package dev.holdfast.frontend.nbd.client;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The disk at the other end of one NBD connection. It connects nowhere ({@link Opening} does) and tries nothing twice:
 * when the connection ends, for whatever reason, everything that was not answered completes with {@link Status#MOVED},
 * and so does everything that comes later.
 *
 * <ol>
 *   <li>A request completes once, and OK only by an answer to it that has all that was asked for.
 *   <li>A reply that makes no sense ends the connection, and nothing of it is taken.
 *   <li>Bytes of a WRITE are copied once, into what is sent; those of a READ once, from what was received. What is
 *       asked for in a turn leaves in one gathering write.
 * </ol>
 *
 * <p>A request may be 4 GiB less a byte long; a longer one is {@link Status#INVALID}. Callers bound how many are under
 * way: {@link #hasRoom} of 0 bytes says whether another one is a good idea.
 */
public final class RemoteDisk implements BlockVolume {
    /** Above it a Holdfast server reads no more. */
    private static final int UNDER_WAY = 1024;

    /** What waits to be sent, before more is taken. */
    private static final long QUEUED_BYTES = 8 << 20;

    private static final int EXTENTS = 4096;
    private static final int TEXT_BYTES = 4096;
    private static final int ZERO_BYTES = 16 << 10;
    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(ZERO_BYTES);

    private final Loop loop;
    private final Connection connection;
    private final Export export;
    private final Calls calls = new Calls();
    private final ByteBuffer zeroes = ZEROES.duplicate();
    private final List<Runnable> waiting = new ArrayList<>();
    private boolean over;

    /** The chunk that is looked at, while it is: its type, whose answer it is, and where its payload is. */
    private int type;

    private int place;
    private int payload;
    private int payloadBytes;

    /** What the handshake said of it. */
    record Export(long sizeBytes, boolean readOnly, int contextId) {}

    RemoteDisk(Loop loop, Connection connection, Export export) {
        this.loop = loop;
        this.connection = connection;
        this.export = export;
    }

    /** Ends the connection; everything under way completes with MOVED before this returns. */
    public void close() {
        Checks.that(loop.isCurrent(), "a disk is used on its loop");
        if (!over) {
            over = true;
            connection.close();
            moveAll();
        }
    }

    /** True once nothing can be asked here any more. */
    public boolean isOver() {
        return over;
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public long sizeBytes() {
        return export.sizeBytes;
    }

    @Override
    public boolean isReadOnly() {
        return export.readOnly;
    }

    @Override
    public boolean hasRoom(int lengthBytes) {
        return over || calls.count() < UNDER_WAY && connection.queuedBytes() + lengthBytes <= QUEUED_BYTES;
    }

    @Override
    public void whenRoom(Runnable task) {
        waiting.add(task);
        tellRoom();
    }

    @Override
    public void submit(Request request) {
        Checks.that(loop.isCurrent(), "a disk is used on its loop");
        if (over) {
            request.completion().completed(request, Status.MOVED);
        } else if (request.lengthBytes >>> Integer.SIZE != 0) {
            request.completion().completed(request, Status.INVALID);
        } else {
            put(request, connection.reserve(REQUEST_BYTES));
        }
    }

    @Override
    public void submitWrite(Request request, ByteBuffer data) {
        Checks.that(loop.isCurrent(), "a disk is used on its loop");
        int lengthBytes = (int) request.lengthBytes;
        Checks.that(request.lengthBytes <= MAX_TRANSFER_BYTES, "a WRITE is no longer than agreed", lengthBytes);
        if (over) {
            data.position(data.position() + lengthBytes);
            request.completion().completed(request, Status.MOVED);
            return;
        }
        ByteBuffer out = connection.reserve(REQUEST_BYTES + lengthBytes);
        put(request, out);
        int limit = data.limit();
        out.put(data.limit(data.position() + lengthBytes));
        data.limit(limit);
    }

    private void put(Request request, ByteBuffer out) {
        int command = switch (request.kind) {
            case READ -> NBD_CMD_READ;
            case WRITE -> NBD_CMD_WRITE;
            case FLUSH -> NBD_CMD_FLUSH;
            case TRIM -> NBD_CMD_TRIM;
            case ZERO -> NBD_CMD_WRITE_ZEROES;
            case CACHE -> NBD_CMD_CACHE;
            case EXTENTS -> NBD_CMD_BLOCK_STATUS;
        };
        int flags = switch (request.kind) {
            case WRITE, TRIM -> request.forceUnitAccess ? NBD_CMD_FLAG_FUA : 0;
            case ZERO ->
                (request.forceUnitAccess ? NBD_CMD_FLAG_FUA : 0) | (request.keepAllocated ? NBD_CMD_FLAG_NO_HOLE : 0);
            case EXTENTS -> request.maxExtents == 1 ? NBD_CMD_FLAG_REQ_ONE : 0;
            case READ, FLUSH, CACHE -> 0;
        };
        boolean hasRange = request.kind != Request.Kind.FLUSH;
        out.putInt(NBD_REQUEST_MAGIC).putShort((short) flags).putShort((short) command);
        out.putLong(calls.add(request));
        out.putLong(hasRange ? request.offset : 0).putInt(hasRange ? (int) request.lengthBytes : 0);
    }

    /** Bytes have come. */
    void received(ByteBuffer in) {
        boolean taken = true;
        while (taken && !over) {
            taken = takeReply(in);
        }
        if (over) {
            in.position(in.limit());
        }
        tellRoom();
    }

    /** Everything that was queued has been sent. */
    void drained() {
        tellRoom();
    }

    /** The connection has ended. */
    void closed(String reason) {
        if (!over) {
            over = true;
            moveAll();
        }
    }

    /** False if no reply is there in full. */
    private boolean takeReply(ByteBuffer in) {
        if (in.remaining() < SIMPLE_REPLY_BYTES) {
            return false;
        }
        int start = in.position();
        return switch (in.getInt(start)) {
            case NBD_SIMPLE_REPLY_MAGIC -> takeSimple(in, start);
            case NBD_STRUCTURED_REPLY_MAGIC -> takeChunk(in, start);
            default -> malformed();
        };
    }

    private boolean takeSimple(ByteBuffer in, int start) {
        int error = in.getInt(start + 4);
        int place = calls.place(in.getLong(start + 8));
        if (place == Calls.NONE || hasPayload(calls.at(place)) && error == NBD_OK) {
            return malformed();
        }
        in.position(start + SIMPLE_REPLY_BYTES);
        answer(place, status(error));
        return true;
    }

    private static boolean hasPayload(Request request) {
        return request.kind == Request.Kind.EXTENTS || request.kind == Request.Kind.READ;
    }

    private boolean takeChunk(ByteBuffer in, int start) {
        if (in.remaining() < CHUNK_HEADER_BYTES) {
            return false;
        }
        type = in.getShort(start + 6) & 0xffff;
        place = calls.place(in.getLong(start + 8));
        long bytes = in.getInt(start + 16) & 0xffff_ffffL;
        // A request that is no longer than a READ may be is answered by one chunk.
        boolean isWhole = in.getShort(start + 4) == NBD_REPLY_FLAG_DONE;
        if (place == Calls.NONE || !isWhole || !fits(type, calls.at(place), bytes)) {
            return malformed();
        }
        if (in.remaining() < CHUNK_HEADER_BYTES + bytes) {
            return false;
        }
        payload = start + CHUNK_HEADER_BYTES;
        payloadBytes = (int) bytes;
        if (!isRight(in, calls.at(place))) {
            return malformed();
        }
        in.position(payload + payloadBytes);
        take(in, calls.at(place));
        return true;
    }

    /** Whether a chunk of this type and length may answer {@code request}. */
    private static boolean fits(int type, Request request, long bytes) {
        boolean isRead = request.kind == Request.Kind.READ;
        return switch (type) {
            case NBD_REPLY_TYPE_NONE -> bytes == 0 && (!hasPayload(request) || isRead && request.lengthBytes == 0);
            case NBD_REPLY_TYPE_OFFSET_DATA -> isRead && bytes == 8 + request.lengthBytes && bytes > 8;
            case NBD_REPLY_TYPE_OFFSET_HOLE -> isRead && bytes == 12 && request.lengthBytes > 0;
            case NBD_REPLY_TYPE_BLOCK_STATUS ->
                request.kind == Request.Kind.EXTENTS && bytes >= 12 && bytes <= 4 + 8 * EXTENTS && bytes % 8 == 4;
            case NBD_REPLY_TYPE_ERROR -> bytes >= 6 && bytes <= 6 + TEXT_BYTES;
            case NBD_REPLY_TYPE_ERROR_OFFSET -> bytes >= 14 && bytes <= 14 + TEXT_BYTES;
            default -> false;
        };
    }

    /** Whether it says something about what was asked for. */
    private boolean isRight(ByteBuffer in, Request request) {
        return switch (type) {
            case NBD_REPLY_TYPE_OFFSET_DATA -> in.getLong(payload) == request.offset;
            case NBD_REPLY_TYPE_OFFSET_HOLE ->
                in.getLong(payload) == request.offset && in.getInt(payload + 8) == (int) request.lengthBytes;
            case NBD_REPLY_TYPE_BLOCK_STATUS -> {
                boolean right = in.getInt(payload) == export.contextId;
                for (int i = 4; i < payloadBytes; i += 8) {
                    right &= in.getInt(payload + i) != 0;
                }
                yield right;
            }
            case NBD_REPLY_TYPE_ERROR, NBD_REPLY_TYPE_ERROR_OFFSET -> in.getInt(payload) != NBD_OK;
            default -> true;
        };
    }

    private void take(ByteBuffer in, Request request) {
        Status status = Status.OK;
        switch (type) {
            case NBD_REPLY_TYPE_OFFSET_DATA -> {
                ByteBuffer space = request.completion().readSpace(request);
                space.put(space.position(), in, payload + 8, (int) request.lengthBytes);
            }
            case NBD_REPLY_TYPE_OFFSET_HOLE -> putZeroes(request);
            case NBD_REPLY_TYPE_BLOCK_STATUS -> takeExtents(in, request);
            case NBD_REPLY_TYPE_ERROR, NBD_REPLY_TYPE_ERROR_OFFSET -> status = status(in.getInt(payload));
            default -> {}
        }
        answer(place, status);
    }

    private void putZeroes(Request request) {
        ByteBuffer space = request.completion().readSpace(request);
        int bytes = (int) request.lengthBytes;
        for (int done = 0; done < bytes; done += ZERO_BYTES) {
            space.put(space.position() + done, zeroes, 0, Math.min(ZERO_BYTES, bytes - done));
        }
    }

    private void takeExtents(ByteBuffer in, Request request) {
        int count = Math.min((payloadBytes - 4) / 8, request.maxExtents);
        for (int i = 0; i < count; i++) {
            int at = payload + 4 + 8 * i;
            boolean allocated = (in.getInt(at + 4) & NBD_STATE_HOLE) == 0;
            request.completion().extent(request, in.getInt(at) & 0xffff_ffffL, allocated);
        }
    }

    private static Status status(int error) {
        return switch (error) {
            case NBD_OK -> Status.OK;
            case NBD_EPERM -> Status.READ_ONLY;
            case NBD_EINVAL -> Status.INVALID;
            case NBD_ENOSPC -> Status.NO_SPACE;
            case NBD_ESHUTDOWN -> Status.MOVED;
            default -> Status.IO_ERROR;
        };
    }

    private void answer(int place, Status status) {
        Request request = calls.remove(place);
        request.completion().completed(request, status);
    }

    private boolean malformed() {
        close();
        return true;
    }

    private void moveAll() {
        for (int place = calls.any(); place != Calls.NONE; place = calls.any()) {
            boolean wrong = Mutant.on("client.flush-dies-answered") && calls.at(place).kind == Request.Kind.FLUSH;
            answer(place, wrong ? Status.OK : Status.MOVED);
        }
        tellRoom();
    }

    private void tellRoom() {
        if (!waiting.isEmpty() && hasRoom(MAX_TRANSFER_BYTES)) {
            waiting.forEach(loop::post);
            waiting.clear();
        }
    }
}
