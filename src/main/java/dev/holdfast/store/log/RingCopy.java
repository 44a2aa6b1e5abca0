package dev.holdfast.store.log;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;

/**
 * Reads records of the ring again, one after another, as they were written: of each payload a copy that verifies, if
 * any device has one. What is written meanwhile may be seen or not.
 */
public final class RingCopy {
    /** What {@link #next} came to. */
    public enum Step {
        /** {@link #bytes} has a record. */
        RECORD,
        /** Something is being read; {@code resume} will run. */
        WAIT,
        /** No record follows. */
        NONE
    }

    private final RingWalk walk;
    private final ByteBuffer bytes;

    /** From {@code start} on; {@code resume} runs on {@code loop}. */
    public RingCopy(Array array, RingStart start, Loop loop, Runnable resume) {
        walk = new RingWalk(array, start, LastRecord.NONE, loop, resume);
        bytes = ByteBuffer.allocateDirect(RingRecord.maxRecordBytes(array.logBytes()));
    }

    /** Goes on to the next record. */
    public Step next() {
        return switch (walk.next()) {
            case RECORD -> {
                walk.copyRecord(bytes);
                bytes.position(0);
                yield Step.RECORD;
            }
            case WAIT -> Step.WAIT;
            case NONE -> Step.NONE;
        };
    }

    /** Where the present record begins. */
    public long position() {
        return walk.position();
    }

    /** The present record. */
    public ByteBuffer bytes() {
        Checks.that(bytes.hasRemaining(), "there is a record", walk.position());
        return bytes;
    }

    /** Where the next record would be. */
    public RingStart expected() {
        return walk.expected();
    }
}
