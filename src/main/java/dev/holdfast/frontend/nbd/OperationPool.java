package dev.holdfast.frontend.nbd;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import java.util.Arrays;

/**
 * The operations and pieces of one connection, used again and again, so that a request allocates nothing once the
 * connection has been as busy before. It grows with what is under way, which others bound.
 */
final class OperationPool {
    private final Request.Completion completion;

    private Operation[] idleOperations = new Operation[16];
    private int idleOperationCount;

    /** Every piece ever made; a request's cookie is its piece's place here. */
    private Piece[] pieces = new Piece[16];

    private int pieceCount;
    private Piece[] idlePieces = new Piece[16];
    private int idlePieceCount;

    /** Pieces report to {@code completion}. */
    OperationPool(Request.Completion completion) {
        this.completion = completion;
    }

    /** An operation for {@code header}, with one piece outstanding. */
    Operation begin(RequestHeader header) {
        Operation operation = idleOperationCount > 0 ? idleOperations[--idleOperationCount] : new Operation();
        operation.begin(header);
        operation.outstanding = 1;
        return operation;
    }

    /** A piece of {@code operation} that covers {@code lengthBytes} bytes from {@code offset}. */
    Piece piece(Operation operation, Request.Kind kind, long offset, long lengthBytes) {
        Piece piece = idlePieceCount > 0 ? idlePieces[--idlePieceCount] : newPiece();
        piece.operation = operation;
        piece.index = 0;
        Request request = piece.request;
        request.kind = kind;
        request.offset = offset;
        request.lengthBytes = lengthBytes;
        request.forceUnitAccess = false;
        request.keepAllocated = false;
        return piece;
    }

    /** The piece whose request {@code request} is. */
    Piece of(Request request) {
        Piece piece = pieces[(int) request.cookie];
        Checks.that(piece.request == request && !piece.rests(), "a request completes once", request.cookie);
        return piece;
    }

    /** {@code piece} has ended. */
    void release(Piece piece) {
        piece.rest();
        if (idlePieceCount == idlePieces.length) {
            idlePieces = Arrays.copyOf(idlePieces, 2 * idlePieceCount);
        }
        idlePieces[idlePieceCount++] = piece;
    }

    /** {@code operation} has been answered. */
    void release(Operation operation) {
        operation.rest();
        if (idleOperationCount == idleOperations.length) {
            idleOperations = Arrays.copyOf(idleOperations, 2 * idleOperationCount);
        }
        idleOperations[idleOperationCount++] = operation;
    }

    private Piece newPiece() {
        Piece piece = new Piece(new Request(completion));
        piece.request.cookie = pieceCount;
        if (pieceCount == pieces.length) {
            pieces = Arrays.copyOf(pieces, 2 * pieceCount);
        }
        pieces[pieceCount++] = piece;
        return piece;
    }
}
