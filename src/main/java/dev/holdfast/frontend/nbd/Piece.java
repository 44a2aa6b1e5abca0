package dev.holdfast.frontend.nbd;

import dev.holdfast.block.Request;

/** One request to the disk on behalf of an {@link Operation}: all of it, or a megabyte of a longer one. Pooled. */
final class Piece {
    /** What a piece in the pool works for. */
    private static final Operation NOTHING = new Operation();

    final Request request;

    /** The operation it works for. */
    Operation operation = NOTHING;

    /** Its place among the pieces of a READ that is gathered. */
    int index;

    Piece(Request request) {
        this.request = request;
    }

    /** Forgets its operation. */
    void rest() {
        operation = NOTHING;
    }

    boolean rests() {
        return operation == NOTHING;
    }
}
