package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.io.Connection;
import java.nio.ByteBuffer;

/**
 * The transmission phase of one connection, on its disk's loop: takes requests and hands them to the disk. What comes
 * back is {@link Answers}' business.
 *
 * <ol>
 *   <li>A WRITE of at most a megabyte is given to the disk whole, from where it was received, or not at all.
 *   <li>A longer WRITE is given in pieces cut at multiples of 4096 as they arrive, and answered once; if the client
 *       goes away in between, whole pieces may have been written.
 *   <li>A request that is refused is still taken in full, so the next one is found where it begins.
 * </ol>
 */
final class Transmission implements Phase {
    /** What the next bytes are. */
    private enum Intake {
        /** Nothing may be said to the connection yet: it is on its way to this loop. */
        MOVING,
        /** A request begins. */
        REQUEST,
        /** Data of the long WRITE that is being taken. */
        DATA,
        /** Data of a WRITE that is not wanted. */
        UNWANTED,
        /** Nothing that counts: the client said goodbye, or the connection is closed. */
        NOTHING;

        boolean leadsTo(Intake next) {
            return switch (this) {
                case MOVING, UNWANTED -> next == REQUEST || next == NOTHING;
                case REQUEST -> next == DATA || next == UNWANTED || next == NOTHING;
                case DATA -> next == REQUEST || next == UNWANTED || next == NOTHING;
                case NOTHING -> next == NOTHING;
            };
        }
    }

    private static final int SPLIT_BYTES = 4096;

    /** The most extents in one answer. */
    private static final int MAXIMUM_EXTENTS = 4096;

    private final Connection connection;
    private final Session session;
    private final BlockVolume volume;
    private final ReplySpace space;
    private final Backpressure backpressure;
    private final Answers answers;
    private final OperationPool pool;
    private final RequestHeader header = new RequestHeader();

    private Intake intake = Intake.MOVING;
    private boolean stopping;
    private boolean cut;

    /** Nothing is said to the connection any more; it may still be sending. */
    private boolean over;

    /** The connection has ended. */
    private boolean gone;

    /** The long WRITE that is being taken, if the intake is DATA. */
    private Operation taking = new Operation();

    private boolean takingDurably;
    private long takingOffset;

    /** Bytes of DATA or UNWANTED that are still to come. */
    private long awaitedBytes;

    /** What to answer after UNWANTED, {@code NBD_OK} if nothing. */
    private int refusal;

    private long refusedCookie;

    Transmission(Connection connection, Session session, NbdLimits limits, ReplySpace space) {
        this.connection = connection;
        this.session = session;
        this.volume = session.volume();
        this.space = space;
        this.backpressure = new Backpressure(connection, limits, space);
        this.answers = new Answers(connection, session.structured(), backpressure, space, this::closeIfIdle);
        this.pool = answers.pool();
    }

    /** The connection has come to the disk's loop. */
    void arrived() {
        if (gone) {
            return;
        }
        Checks.that(intake == Intake.MOVING && volume.loop().isCurrent(), "a connection arrives once, at its disk");
        become(Intake.REQUEST);
        if (cut) {
            cut();
        } else if (stopping) {
            stop();
        } else {
            connection.resume();
        }
    }

    @Override
    public void received(ByteBuffer in) {
        backpressure.turnBegins();
        boolean taken = !backpressure.isPaused();
        while (taken && in.hasRemaining()) {
            taken = switch (intake) {
                case MOVING -> false;
                case REQUEST -> takeRequest(in);
                case DATA -> takeData(in);
                case UNWANTED -> takeUnwanted(in);
                case NOTHING -> {
                    in.position(in.limit());
                    yield false;
                }
            };
        }
    }

    @Override
    public void drained() {
        backpressure.lessToDo();
    }

    @Override
    public void closed() {
        gone = true;
        leave();
    }

    @Override
    public void stop() {
        stopping = true;
        if (intake == Intake.MOVING || over) {
            return;
        }
        if (intake == Intake.DATA) {
            taking.fail(NBD_ESHUTDOWN);
            refusal = NBD_OK;
            become(Intake.UNWANTED);
            answers.pieceEnded(taking);
        }
        closeIfIdle();
    }

    @Override
    public void cut() {
        cut = true;
        if (intake != Intake.MOVING && !gone) {
            leave();
            connection.close();
        }
    }

    private boolean takeRequest(ByteBuffer in) {
        if (in.remaining() < REQUEST_BYTES) {
            return false;
        }
        if (!header.read(in)) {
            cut();
            return false;
        }
        if (header.command == NBD_CMD_DISC) {
            become(Intake.NOTHING);
            closeIfIdle();
            return true;
        }
        if (!backpressure.takes(replyBytes())) {
            return false;
        }
        int error = stopping ? NBD_ESHUTDOWN : RequestRules.refusal(header, session);
        if (error != NBD_OK) {
            in.position(in.position() + REQUEST_BYTES);
            refuse(error);
            return true;
        }
        if (header.lengthBytes == 0 && header.command != NBD_CMD_FLUSH) {
            in.position(in.position() + REQUEST_BYTES);
            backpressure.refused();
            answers.doneAtOnce(header);
            return true;
        }
        return dispatch(in);
    }

    /** False if the request can't be taken yet; then nothing of it has been. */
    private boolean dispatch(ByteBuffer in) {
        boolean longer = header.lengthBytes > BlockVolume.MAX_TRANSFER_BYTES;
        return switch (header.command) {
            case NBD_CMD_READ -> longer ? takeLongRead(in) : takeRead(in);
            case NBD_CMD_WRITE -> longer ? takeLongWrite(in) : takeWrite(in);
            default -> takeWithoutData(in);
        };
    }

    private boolean takeRead(ByteBuffer in) {
        in.position(in.position() + REQUEST_BYTES);
        Operation operation = begin();
        volume.submit(pool.piece(operation, Request.Kind.READ, header.offset, header.lengthBytes).request);
        return true;
    }

    private boolean takeLongRead(ByteBuffer in) {
        long lengthBytes = header.lengthBytes;
        long firstBytes = pieceBytes(header.offset, lengthBytes);
        int count = 1 + Math.ceilDiv((int) (lengthBytes - firstBytes), BlockVolume.MAX_TRANSFER_BYTES);
        in.position(in.position() + REQUEST_BYTES);
        Operation operation = begin();
        if (!session.structured() || header.has(NBD_CMD_FLAG_DF)) {
            operation.gather(count, space);
        }
        operation.outstanding = count;
        long offset = header.offset;
        long end = offset + lengthBytes;
        for (int i = 0; i < count; i++) {
            long bytes = pieceBytes(offset, end - offset);
            Piece piece = pool.piece(operation, Request.Kind.READ, offset, bytes);
            piece.index = i;
            offset += bytes;
            volume.submit(piece.request); // The last one may end the operation before it returns.
        }
        Checks.that(offset == end, "the pieces of a READ cover it", offset, end);
        return true;
    }

    private boolean takeWrite(ByteBuffer in) {
        int lengthBytes = (int) header.lengthBytes;
        if (in.remaining() < REQUEST_BYTES + lengthBytes || !hasRoom(lengthBytes)) {
            return false;
        }
        in.position(in.position() + REQUEST_BYTES);
        Operation operation = begin();
        submitWrite(operation, header.offset, lengthBytes, in, header.has(NBD_CMD_FLAG_FUA));
        return true;
    }

    private boolean takeLongWrite(ByteBuffer in) {
        in.position(in.position() + REQUEST_BYTES);
        taking = begin();
        takingDurably = header.has(NBD_CMD_FLAG_FUA);
        takingOffset = header.offset;
        awaitedBytes = header.lengthBytes;
        become(Intake.DATA);
        return true;
    }

    private boolean takeData(ByteBuffer in) {
        if (taking.error != NBD_OK) {
            skip(in); // It has failed already: the rest need not be written.
        } else {
            int bytes = (int) pieceBytes(takingOffset, awaitedBytes);
            if (in.remaining() < bytes || !hasRoom(bytes)) {
                return false;
            }
            taking.outstanding++;
            takingOffset += bytes;
            awaitedBytes -= bytes;
            submitWrite(taking, takingOffset - bytes, bytes, in, takingDurably);
        }
        if (awaitedBytes == 0) {
            become(Intake.REQUEST);
            answers.pieceEnded(taking);
        }
        return true;
    }

    private boolean takeUnwanted(ByteBuffer in) {
        skip(in);
        if (awaitedBytes == 0) {
            become(Intake.REQUEST);
            if (refusal != NBD_OK) {
                answers.refuse(refusedCookie, refusal);
            }
        }
        return true;
    }

    private boolean takeWithoutData(ByteBuffer in) {
        in.position(in.position() + REQUEST_BYTES);
        Operation operation = begin();
        Request.Kind kind = switch (header.command) {
            case NBD_CMD_FLUSH -> Request.Kind.FLUSH;
            case NBD_CMD_TRIM -> Request.Kind.TRIM;
            case NBD_CMD_WRITE_ZEROES -> Request.Kind.ZERO;
            case NBD_CMD_CACHE -> Request.Kind.CACHE;
            case NBD_CMD_BLOCK_STATUS -> Request.Kind.EXTENTS;
            default -> throw Checks.unreachable("commands that are not known were refused");
        };
        Request request = pool.piece(operation, kind, header.offset, header.lengthBytes).request;
        boolean changes = kind == Request.Kind.TRIM || kind == Request.Kind.ZERO;
        request.forceUnitAccess = changes && header.has(NBD_CMD_FLAG_FUA);
        request.keepAllocated = header.has(NBD_CMD_FLAG_NO_HOLE);
        request.maxExtents = maximumExtents();
        volume.submit(request);
        return true;
    }

    private Operation begin() {
        Operation operation = pool.begin(header);
        backpressure.began(operation, replyBytes());
        return operation;
    }

    /** What the request being looked at may add to what waits to be sent. */
    private long replyBytes() {
        return switch (header.command) {
            case NBD_CMD_READ -> Math.min(header.lengthBytes, MAXIMUM_PAYLOAD_BYTES);
            case NBD_CMD_BLOCK_STATUS -> 8L * maximumExtents();
            default -> 0;
        };
    }

    private int maximumExtents() {
        return header.has(NBD_CMD_FLAG_REQ_ONE) ? 1 : MAXIMUM_EXTENTS;
    }

    /** Gives exactly the next {@code lengthBytes} bytes of {@code in} to the disk. */
    private void submitWrite(Operation operation, long offset, int lengthBytes, ByteBuffer in, boolean durably) {
        Request request = pool.piece(operation, Request.Kind.WRITE, offset, lengthBytes).request;
        request.forceUnitAccess = durably;
        int limit = in.limit();
        int end = in.position() + lengthBytes;
        volume.submitWrite(request, in.limit(end));
        Checks.that(in.position() == end, "the disk takes exactly the data", in.position(), end);
        in.limit(limit);
    }

    private boolean hasRoom(int lengthBytes) {
        if (volume.hasRoom(lengthBytes)) {
            return true;
        }
        volume.whenRoom(backpressure.pauseUntilCalled());
        return false;
    }

    private void refuse(int error) {
        backpressure.refused();
        if (header.command != NBD_CMD_WRITE || header.lengthBytes == 0) {
            answers.refuse(header.cookie, error);
            return;
        }
        // Clients do not look for an answer before they have sent everything.
        refusal = error;
        refusedCookie = header.cookie;
        awaitedBytes = header.lengthBytes;
        become(Intake.UNWANTED);
    }

    private void skip(ByteBuffer in) {
        int bytes = (int) Math.min(in.remaining(), awaitedBytes);
        in.position(in.position() + bytes);
        awaitedBytes -= bytes;
    }

    /** From here on nothing is taken and nothing is answered. */
    private void leave() {
        boolean abandonsData = intake == Intake.DATA;
        over = true;
        become(Intake.NOTHING);
        answers.fallSilent();
        if (abandonsData) {
            answers.pieceEnded(taking);
        }
    }

    /** Ends a connection whose client or server is leaving, once everything has been answered. */
    private void closeIfIdle() {
        boolean leaving = stopping || intake == Intake.NOTHING;
        if (leaving && !over && backpressure.inFlight() == 0) {
            leave();
            connection.closeAfterSending();
        }
    }

    private void become(Intake next) {
        Checks.that(intake.leadsTo(next), "the intake changes as declared", intake.ordinal(), next.ordinal());
        intake = next;
    }

    private static long pieceBytes(long offset, long remainingBytes) {
        long mostBytes = BlockVolume.MAX_TRANSFER_BYTES - (offset & SPLIT_BYTES - 1);
        return Math.min(remainingBytes, mostBytes);
    }
}
