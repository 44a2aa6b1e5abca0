package dev.holdfast.io;

import java.nio.ByteBuffer;

/**
 * One ordered, durable log of small records, the same for every member: the authority of the control plane. Every
 * member is delivered the same records in the same order, each exactly once in a process's life, possibly late; after a
 * restart delivery starts again from the first record.
 */
public interface OrderedLog extends AutoCloseable {
    /** The longest record, in bytes. */
    int RECORD_BYTES = 64 << 10;

    /**
     * Starts delivery: every record in order, on {@code loop}. {@code replayed} runs there once everything that was in
     * the log at the start has been delivered.
     */
    void start(Loop loop, Reader reader, Runnable replayed);

    /**
     * Proposes one record, which is copied. {@code done} says on the reader's loop whether it is in the log for good;
     * APPENDED comes after the record's own delivery here. UNKNOWN means it may still be delivered later.
     */
    void append(byte[] record, AppendDone done);

    /** Whether this member orders the records at present, as one alone does: for people, nothing to rely on. */
    default boolean leads() {
        return true;
    }

    @Override
    void close();

    /** Takes the records. */
    @FunctionalInterface
    interface Reader {
        /** Record {@code index} (0, 1, 2, ... without gaps); the buffer is read-only and valid only in this call. */
        void record(long index, ByteBuffer bytes);
    }

    /** Told how an append ended. */
    @FunctionalInterface
    interface AppendDone {
        /** The outcome. */
        void done(Outcome outcome);
    }

    /** How an append ended. */
    enum Outcome {
        /** In the log, durable, and delivered here. */
        APPENDED,
        /** Certainly not in the log. */
        REFUSED,
        /** Nobody knows yet. */
        UNKNOWN
    }
}
