package dev.holdfast.mirror.wire;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.io.Connection;
import dev.holdfast.mirror.Message;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A connection on which both have greeted: frames go out and come in. It never begins a connection, and ends one only
 * by telling its link.
 *
 * <ol>
 *   <li>A frame is queued whole or not at all.
 *   <li>What waits to be sent is at most {@link LinkTerms#QUEUE_BYTES}, and {@link LinkTerms#SPARE_BYTES} more for what
 *       has no entries.
 *   <li>Once it is over nothing is handed on.
 * </ol>
 */
final class Session implements Stream.Phase {
    private final Link link;
    private final Stream stream;
    private final FrameReader reader;
    private final FrameWriter writer = new FrameWriter();
    private final Crc32c crc = new Crc32c();
    private long heardNanos;
    private long sentNanos;
    private boolean over;

    Session(Link link, Stream stream, FrameReader reader, long nowNanos) {
        this.link = link;
        this.stream = stream;
        this.reader = reader;
        this.heardNanos = nowNanos;
        this.sentNanos = nowNanos;
    }

    /** Queues a message; false if it finds no room. */
    boolean send(int shard, Message message, long nowNanos) {
        Connection connection = stream.connection();
        int bytes = FrameWriter.bytesOf(message);
        long most = LinkTerms.QUEUE_BYTES + (hasEntries(message) ? 0 : LinkTerms.SPARE_BYTES);
        long queued = connection.queuedBytes();
        if (queued + bytes > most) {
            return false;
        }
        ByteBuffer space = connection.reserve(bytes);
        int before = space.position();
        writer.put(space, shard, message);
        Checks.that(space.position() - before == bytes, "a frame is as long as was said", bytes);
        sentNanos = nowNanos;
        return true;
    }

    private static boolean hasEntries(Message message) {
        return switch (message) {
            case Message.Append append ->
                append.batch().last() >= append.batch().first();
            case Message.Image image -> true;
            default -> false;
        };
    }

    /** Says that this side is there if nothing was said for long; true if the peer has said nothing for too long. */
    boolean isSilent(long nowNanos) {
        if (nowNanos - sentNanos >= LinkTerms.BEAT_NANOS) {
            FrameWriter.putBeat(stream.connection().reserve(FrameLayout.HEAD_BYTES), crc);
            sentNanos = nowNanos;
        }
        return nowNanos - heardNanos > LinkTerms.SILENCE_NANOS;
    }

    /** What was not heard before {@code nowNanos} says nothing. */
    void forgive(long nowNanos) {
        heardNanos = nowNanos;
    }

    /** Hands nothing on any more. */
    void end() {
        over = true;
    }

    @Override
    public void received(ByteBuffer in) {
        heardNanos = link.nowNanos();
        ByteBuffer frames = in.slice().order(ByteOrder.LITTLE_ENDIAN);
        boolean more = true;
        while (more && !over) {
            switch (reader.next(frames)) {
                case Frame.Told told -> link.told(told);
                case Frame.Beat beat -> {}
                case Frame.Incomplete incomplete -> more = false;
                case Frame.Malformed malformed -> link.end(stream, "malformed: " + malformed.reason());
            }
        }
        Checks.that(frames.position() <= in.remaining(), "what was taken was there", frames.position());
        in.position(over ? in.limit() : in.position() + frames.position());
    }

    @Override
    public void closed(String reason) {
        link.end(stream, reason);
    }
}
