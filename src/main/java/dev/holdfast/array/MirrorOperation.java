package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import java.nio.ByteBuffer;
import java.util.Optional;

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
    private long silent;
    private int age;
    private boolean full;
    private Optional<Rebuild> awaitedBy = Optional.empty();
    private long members;
    private long counting;
    private int place;
    private long firstBlock;
    private long endBlock;

    /** What is being done. */
    enum Kind {
        /** Data blocks. */
        WRITE("write"),
        /** One data block, again. */
        REPAIR("repair"),
        /** Everything before it becomes durable. */
        FLUSH("flush"),
        /** Log region, durable. */
        LOG("log write"),
        /** Root ring, durable. */
        ROOT("root write"),
        /** Blocks nobody needs any more. */
        DISCARD("discard");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    MirrorOperation(Mirror mirror) {
        this.mirror = mirror;
    }

    /** Begins a new use on the slots {@code on}; {@code present} were in use then. */
    void begin(Kind newKind, long on, long present, ArrayDone whom, long newToken) {
        Checks.that((pending | silent) == 0, "an operation ends before it is used again", pending, silent);
        Checks.that(on != 0, "an operation has members");
        kind = newKind;
        pending = on;
        members = on & present;
        counting = on;
        done = whom;
        token = newToken;
        full = false;
        awaitedBy = Optional.empty();
        age = 0;
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

    /** {@code slot} is out: how it ends there does not matter any more, even if the slot comes back meanwhile. */
    void disregard(int slot) {
        counting &= ~(1L << slot);
    }

    boolean counts(int slot) {
        return (counting >>> slot & 1) != 0;
    }

    /** True if a member it began on went out meanwhile. */
    boolean isOnFewerThanItBegan() {
        return (members & ~counting) != 0;
    }

    /** {@code rebuild} waits for its end. */
    void await(Rebuild rebuild) {
        awaitedBy = Optional.of(rebuild);
    }

    Optional<Rebuild> awaitedBy() {
        return awaitedBy;
    }

    /** Where it stands among the operations under way. */
    int place() {
        return place;
    }

    void place(int index) {
        place = index;
    }

    /** True when the last member has answered. */
    boolean memberEnded(int slot) {
        Checks.that((pending >>> slot & 1) != 0, "each member answers once", slot);
        pending &= ~(1L << slot);
        return pending == 0;
    }

    /** Some time went by; how often so far. */
    int grow() {
        return ++age;
    }

    /** Slots (bits) that have not answered and are still waited for. */
    long pending() {
        return pending;
    }

    /** {@code slot}, which is out, is not waited for any more; true if nobody else is. Its answer may still come. */
    boolean giveUp(int slot) {
        Checks.that(!counts(slot), "only who is out is given up", slot);
        silent |= 1L << slot;
        return memberEnded(slot);
    }

    /** True if {@code slot} was given up: then its answer, which has come, means nothing. */
    boolean isLate(int slot) {
        boolean late = (silent >>> slot & 1) != 0;
        silent &= ~(1L << slot);
        return late;
    }

    /** True if it may be used again once it was told: no device has it. */
    boolean isFree() {
        return (pending | silent) == 0;
    }

    /** Tells its owner; the operation is free already. */
    void tell(ArrayOutcome outcome) {
        Checks.that(pending == 0, "told when every member has answered", pending);
        ArrayDone whom = done;
        done = NOBODY;
        if (silent == 0) {
            onePart[0] = null;
        }
        whom.done(token, outcome);
    }

    @Override
    public void done(long slot, DiskOutcome outcome) {
        if (isLate((int) slot)) {
            mirror.lateAnswer(this);
        } else {
            mirror.ended(this, (int) slot, outcome);
        }
    }
}
