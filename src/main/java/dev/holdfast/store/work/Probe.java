package dev.holdfast.store.work;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Asks the members of an array whether they can read anything at all: a dead device answers with errors for everything,
 * a bad place only for itself. Three pages of the log region, far apart, are enough.
 */
final class Probe {
    private static final int PAGE = StagingWriter.BLOCK_BYTES;
    private static final int PLACES = 3;

    private final Array array;
    private final Loop loop;
    private long alive;
    private long asked;
    private int pending;
    private Consumer<Boolean> done = all -> {};

    Probe(Array array, Loop loop) {
        this.array = array;
        this.loop = loop;
    }

    /** Tells {@code told} whether every member could read something. */
    void ask(Consumer<Boolean> told) {
        Checks.that(pending == 0, "one question at a time", pending);
        done = told;
        alive = 0;
        asked = array.members();
        Checks.that(asked != 0, "an array has a member");
        pending = PLACES * Long.bitCount(asked);
        for (long left = asked; left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            for (int place = 0; place < PLACES; place++) {
                long page = (array.logBytes() / PAGE - 1) * place / (PLACES - 1);
                ByteBuffer into =
                        ByteBuffer.allocateDirect(2 * PAGE).alignedSlice(PAGE).limit(PAGE);
                array.readLog(slot, page * PAGE, into, loop, this::ended, slot);
            }
        }
    }

    private void ended(long slot, DiskOutcome outcome) {
        Checks.that(pending > 0, "each read ends once", pending);
        pending--;
        alive |= outcome == DiskOutcome.OK ? 1L << slot : 0;
        if (pending == 0) {
            done.accept((asked & ~alive) == 0);
        }
    }
}
