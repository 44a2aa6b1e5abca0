package dev.holdfast.store.twin;

import dev.holdfast.base.Id128;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootIdentity;
import java.nio.ByteBuffer;

/** One message between a pool and its twin; its bytes are {@link TwinFrames}'. */
sealed interface TwinFrame {
    /** Who speaks, and the shape of its array. */
    record Hello(Id128 pool, long reign, long dataBlocks, long logBytes) implements TwinFrame {}

    /** What the twin has, and could go back to. */
    record State(RootIdentity has, RootIdentity before) implements TwinFrame {}

    /** Go back to the root before this one; to nothing if it is none. */
    record Withdraw(RootIdentity root) implements TwinFrame {}

    /** Blocks of a consistency point follow. */
    record Begin(long cp) implements TwinFrame {}

    /** Blocks: checksums from {@code sumsAt} on, bytes from {@code bytesAt} on, valid until the next is read. */
    record Blocks(long address, int count, ByteBuffer in, int sumsAt, int bytesAt) implements TwinFrame {}

    /** All blocks of a consistency point were sent. */
    record Flush(long cp) implements TwinFrame {}

    /** They are durable. */
    record Flushed(long cp) implements TwinFrame {}

    /** The root itself. */
    record TheRoot(Root root) implements TwinFrame {}

    /** It is durable. */
    record Rooted(RootIdentity root) implements TwinFrame {}

    /** Nothing will come of this; a number for {@link TwinFrames#words}. */
    record Refused(long reason) implements TwinFrame {}

    /** Are you there? */
    record Ping() implements TwinFrame {}

    /** I am. */
    record Pong() implements TwinFrame {}

    /** The twin is to be the pool: the source hands over when the twin has everything. */
    record Wanted() implements TwinFrame {}

    /**
     * The source has recorded that it is the pool no more: the twin, whose newest root this was when that was decided,
     * is, in this reign.
     */
    record Grant(long reign, RootIdentity last) implements TwinFrame {}

    /** Who answers is the pool, in this reign. */
    record Promoted(long reign) implements TwinFrame {}

    /** Bytes of the log region from a logical position on, in the form of {@link Blocks}; they come in order. */
    record Log(long position, int count, ByteBuffer in, int sumsAt, int bytesAt) implements TwinFrame {}

    /** The log is durable up to there. */
    record Logged(long position) implements TwinFrame {}

    /** No message: the connection ends. */
    record Malformed(String why) implements TwinFrame {}
}
