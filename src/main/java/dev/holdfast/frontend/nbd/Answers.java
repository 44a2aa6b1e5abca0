package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Connection;
import java.nio.ByteBuffer;

/**
 * Turns what the disk completes into replies, on one connection. It takes no requests.
 *
 * <ol>
 *   <li>A request is answered once, after its last piece has ended, and never before all its data was taken.
 *   <li>READ data goes out only when all of it is at hand, so a reply that has begun can't fail.
 *   <li>After {@link #fallSilent} nothing touches the connection any more; what completes later only goes back to
 *       the pool.
 * </ol>
 */
final class Answers implements Request.Completion {
    private final OperationPool pool = new OperationPool(this);
    private final ReplyWriter writer;
    private final boolean structured;
    private final Backpressure backpressure;
    private final ReplySpace space;
    private final Runnable ended;

    private boolean silent;

    /** Runs {@code ended} whenever an operation has ended and the connection is still there. */
    Answers(Connection connection, boolean structured, Backpressure backpressure, ReplySpace space, Runnable ended) {
        this.writer = new ReplyWriter(connection, structured);
        this.structured = structured;
        this.backpressure = backpressure;
        this.space = space;
        this.ended = ended;
    }

    OperationPool pool() {
        return pool;
    }

    /** The connection is gone. */
    void fallSilent() {
        silent = true;
        backpressure.fallSilent();
    }

    /** Refuses a request that never got to the disk. */
    void refuse(long cookie, int error) {
        writer.failed(cookie, error);
    }

    /** A request for no bytes is done at once. */
    void doneAtOnce(RequestHeader header) {
        if (header.command == NBD_CMD_READ) {
            writer.readNothing(header.cookie);
        } else {
            writer.simple(header.cookie, NBD_OK);
        }
    }

    @Override
    public ByteBuffer readSpace(Request request) {
        Piece piece = pool.of(request);
        Operation operation = piece.operation;
        int lengthBytes = (int) request.lengthBytes;
        if (operation.gathers) {
            ByteBuffer part = operation.parts[piece.index];
            return part.position(0).limit(lengthBytes);
        }
        if (silent) {
            return space.nowhere();
        }
        return writer.beginData(operation.cookie, request.offset, lengthBytes, operation.outstanding == 1);
    }

    @Override
    public void extent(Request request, long lengthBytes, boolean allocated) {
        int flags = allocated ? 0 : NBD_STATE_HOLE | NBD_STATE_ZERO;
        pool.of(request).operation.addExtent(lengthBytes, flags);
    }

    @Override
    public void completed(Request request, Status status) {
        Piece piece = pool.of(request);
        Operation operation = piece.operation;
        boolean last = operation.outstanding == 1;
        if (status != Status.OK) {
            operation.fail(NbdErrors.of(status));
            if (operation.command == NBD_CMD_READ && !operation.gathers && structured && !silent) {
                writer.failedAt(operation.cookie, NbdErrors.of(status), request.offset, last);
            }
        } else if (operation.command == NBD_CMD_READ) {
            endRead(operation, piece.index);
        }
        pool.release(piece);
        pieceEnded(operation);
    }

    /** One thing that {@code operation} waited for has ended. */
    void pieceEnded(Operation operation) {
        operation.outstanding--;
        Checks.that(operation.outstanding >= 0, "a piece ends once", operation.outstanding);
        if (operation.outstanding > 0) {
            return;
        }
        if (!silent) {
            answer(operation);
        }
        operation.ungather(space);
        backpressure.ended(operation);
        pool.release(operation);
        if (!silent) {
            ended.run();
        }
    }

    private void endRead(Operation operation, int index) {
        if (operation.gathers) {
            operation.parts[index].position(0);
        } else if (!silent) {
            writer.endData();
        }
    }

    private void answer(Operation operation) {
        boolean read = operation.command == NBD_CMD_READ;
        if (read && !operation.gathers && (structured || operation.error == NBD_OK)) {
            return; // It has gone out piece by piece.
        }
        if (operation.error != NBD_OK) {
            writer.failed(operation.cookie, operation.error);
        } else if (read) {
            writer.gathered(operation);
        } else if (operation.command == NBD_CMD_BLOCK_STATUS) {
            writer.blockStatus(operation, MetaContext.BASE_ALLOCATION.id());
        } else {
            writer.simple(operation.cookie, NBD_OK);
        }
    }
}
