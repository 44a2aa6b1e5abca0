package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import java.nio.ByteBuffer;

/**
 * One change under way on every member of a mirror; the token of each disk operation is the member's slot. Pooled; what
 * an outcome means is decided by {@link Mirror}.
 */
final class MirrorOperation implements DiskDone {
    private static final ArrayDone NOBODY = (_, _) -> {};

    /** For a durable write of one buffer. */
    final ByteBuffer[] onePart = new ByteBuffer[1];

    private final Mirror mirror;
    private Kind kind = Kind.FLUSH;
    private ArrayDone done = NOBODY;
    private long token;
    private long pending;
    private boolean full;
    private boolean onFewer;
    private long firstBlock;
    private long endBlock;

    /** What is being done. */
    enum Kind {
        /** Data blocks. */
        WRITE,
        /** One data block, again. */
        REPAIR,
        /** Everything before it becomes durable. */
        FLUSH,
        /** Log region, durable. */
        LOG,
        /** Root ring, durable. */
        ROOT,
        /** Blocks nobody needs any more. */
        DISCARD
    }

    MirrorOperation(Mirror mirror) {
        this.mirror = mirror;
    }

    /** Begins a new use on the slots of {@code members}. */
    void begin(Kind newKind, long members, ArrayDone whom, long newToken) {
        Checks.that(pending == 0, "an operation ends before it is used again", pending);
        Checks.that(members != 0, "an operation has members");
        kind = newKind;
        pending = members;
        done = whom;
        token = newToken;
        full = false;
        onFewer = false;
        firstBlock = 0;
        endBlock = 0;
    }

    /** Says which data blocks it touches. */
    void covers(long first, long blocks) {
        firstBlock = first;
        endBlock = first + blocks;
    }

    boolean overlaps(long first, long blocks) {
        return firstBlock < first + blocks && first < endBlock;
    }

    Kind kind() {
        return kind;
    }

    /** A member has no space for it. */
    void sawFull() {
        full = true;
    }

    boolean isFull() {
        return full;
    }

    /** A member it began on is not in use any more. */
    void sawLoss() {
        onFewer = true;
    }

    boolean isOnFewer() {
        return onFewer;
    }

    /** True when the last member has answered. */
    boolean memberEnded(int slot) {
        Checks.that((pending >>> slot & 1) != 0, "each member answers once", slot);
        pending &= ~(1L << slot);
        return pending == 0;
    }

    /** Tells its owner; the operation is free already. */
    void tell(ArrayOutcome outcome) {
        Checks.that(pending == 0, "told when every member has answered", pending);
        ArrayDone whom = done;
        done = NOBODY;
        onePart[0] = null;
        whom.done(token, outcome);
    }

    @Override
    public void done(long slot, DiskOutcome outcome) {
        mirror.ended(this, (int) slot, outcome);
    }
}
