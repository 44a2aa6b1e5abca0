package dev.holdfast.mirror.wire;

import static dev.holdfast.mirror.wire.FrameLayout.*;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import dev.holdfast.store.log.Entry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes messages out of frames ({@link FrameLayout}), which may be anything: every number is looked at before it is
 * used, and nothing is made of a frame before all of it was found sound (W2). One owner.
 */
public final class FrameReader {
    private static final Frame INCOMPLETE = new Frame.Incomplete();
    private static final Frame BEAT_FRAME = new Frame.Beat();

    private final Crc32c crc = new Crc32c();
    private final ImageFrames images = new ImageFrames(crc);
    private final int fromNode;
    private final int toNode;

    /** A reader for one owner, of what {@code fromNode} says to {@code toNode}. */
    public FrameReader(int fromNode, int toNode) {
        Checks.that(fromNode >= 0 && toNode >= 0 && fromNode != toNode, "two nodes speak", fromNode, toNode);
        this.fromNode = fromNode;
        this.toNode = toNode;
    }

    /**
     * What stands at the position of {@code in}, a little-endian buffer; its position is moved behind what was taken.
     */
    public Frame next(ByteBuffer in) {
        Checks.that(in.order() == ByteOrder.LITTLE_ENDIAN, "frames are little endian");
        int at = in.position();
        if (in.remaining() < HEAD_BYTES) {
            return INCOMPLETE;
        }
        int bytes = in.getInt(at + LENGTH_AT);
        int count = in.getShort(at + COUNT_AT) & 0xFFFF;
        byte kind = in.get(at + KIND_AT);
        int headBytes = headBytes(kind, count);
        if (headBytes < 0 || bytes < headBytes || bytes > MOST_FRAME_BYTES) {
            return malformed("no frame has such a kind, count or length");
        }
        if (kind != APPEND && kind != IMAGE && bytes != headBytes + BlockFrames.payloadBytes(kind, count)) {
            return malformed("a frame is as long as its kind");
        }
        if (in.remaining() < bytes) {
            return INCOMPLETE;
        }
        if (in.getInt(at) != crc.of(in, at + LENGTH_AT, headBytes - LENGTH_AT)) {
            return malformed("checksum of the head");
        }
        Frame frame = kind == BEAT ? beat(in, at) : message(in, at, kind, count);
        if (!(frame instanceof Frame.Malformed)) {
            Checks.that(bytes <= in.limit() - at, "what is taken has come", bytes, in.limit() - at);
            in.position(at + bytes);
        }
        return frame;
    }

    private static Frame malformed(String reason) {
        return new Frame.Malformed(reason);
    }

    private static Frame beat(ByteBuffer in, int at) {
        boolean empty = in.get(at + KIND_AT + 1) == 0 && in.getInt(at + SHARD_AT) == 0;
        for (int field = EPOCH_AT; field < HEAD_BYTES; field += Long.BYTES) {
            empty &= in.getLong(at + field) == 0;
        }
        return empty ? BEAT_FRAME : malformed("a beat says nothing else");
    }

    private Frame message(ByteBuffer in, int at, byte kind, int count) {
        int shard = in.getInt(at + SHARD_AT);
        int epoch = in.getInt(at + EPOCH_AT);
        long from = in.getLong(at + FROM_AT);
        long to = in.getLong(at + TO_AT);
        boolean reserved = in.get(at + KIND_AT + 1) == 0 && in.getInt(at + EPOCH_AT + 4) == 0;
        if (!reserved || shard < 0 || epoch <= 0 || from <= 0 || to <= 0) {
            return malformed("head of a message");
        }
        boolean sound = switch (kind) {
            case PAST -> isPastSound(in, at, count);
            case REWIND -> isRewindSound(in, at);
            case APPEND -> isAppendSound(in, at, count, epoch);
            case IMAGE -> images.isImageSound(in, at, count);
            case IMAGE_END -> images.isEndSound(in, at, count);
            case LAID -> images.isLaidSound(in, at);
            case RESIGN -> true;
            case COMPARE -> CompareFrames.isAskSound(in, at);
            case DIGESTS -> CompareFrames.isAnswerSound(in, at, count);
            case WANT -> BlockFrames.isWantSound(in, at);
            case BLOCK -> BlockFrames.isBlockSound(in, at, count);
            default -> isHaveSound(in, at);
        };
        if (!sound) {
            return malformed("body of a message of kind " + kind);
        }
        boolean holds = switch (kind) {
            case APPEND -> payloadsHold(in, at, count);
            case IMAGE -> images.payloadHolds(in, at, count);
            case BLOCK -> BlockFrames.payloadHolds(in, at, count, crc);
            default -> true;
        };
        if (!holds) {
            return malformed("checksum of a payload");
        }
        Message.Route route = new Message.Route(new Member(fromNode, from), new Member(toNode, to), epoch);
        return new Frame.Told(shard, body(in, at, kind, count, route));
    }

    private Message body(ByteBuffer in, int at, byte kind, int count, Message.Route route) {
        int body = at + HEAD_BYTES;
        return switch (kind) {
            case PAST ->
                new Message.Past(
                        route,
                        history(in, at + RUNS_AT, count),
                        in.getLong(body),
                        in.getLong(body + 24),
                        position(in, body + 8, body + 16));
            case IMAGE -> images.image(in, at, count, route);
            case IMAGE_END -> images.end(in, at, count, route);
            case LAID -> images.laid(in, at, route);
            case REWIND -> new Message.Rewind(route, position(in, body, body + 8), in.getLong(body + 16));
            case RESIGN -> new Message.Resign(route);
            case COMPARE -> new Message.Compare(route, CompareFrames.ranges(in, at));
            case DIGESTS -> CompareFrames.answer(in, at, count, route);
            case WANT -> BlockFrames.want(in, at, route);
            case BLOCK -> BlockFrames.block(in, at, count, route);
            case APPEND -> append(in, at, count, route);
            default ->
                new Message.Have(
                        route, in.getLong(body), in.getLong(body + 8), in.getLong(body + 16), in.getLong(body + 24));
        };
    }

    private static Message append(ByteBuffer in, int at, int count, Message.Route route) {
        int body = at + HEAD_BYTES;
        Position previous = position(in, body, body + 8);
        Message.Shard shard = new Message.Shard(in.getLong(body + 16), in.getLong(body + 24), in.getLong(body + 32));
        Batch batch = count == 0
                ? Batch.none(previous.seq())
                : new ReceivedEntries(in, at + ENTRIES_AT, previous.seq() + 1, count);
        return new Message.Append(route, previous, batch, shard, in.getLong(body + 40), in.getLong(body + 48));
    }

    private static Position position(ByteBuffer in, int epochAt, int seqAt) {
        return new Position(in.getInt(epochAt), in.getLong(seqAt));
    }

    static History history(ByteBuffer in, int runsAt, int count) {
        List<History.Run> runs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int run = runsAt + i * RUN_BYTES;
            runs.add(new History.Run(in.getInt(run), in.getLong(run + 4)));
        }
        return new History(runs);
    }

    private static boolean isSeq(long seq) {
        return seq >= 0 && seq <= MOST_SEQ;
    }

    private static boolean isPastSound(ByteBuffer in, int at, int count) {
        int body = at + HEAD_BYTES;
        boolean sound = isSeq(in.getLong(body))
                && in.getInt(body + 8) >= 0
                && in.getInt(body + 12) == 0
                && isSeq(in.getLong(body + 16))
                && in.getLong(body + 24) >= 0
                && in.getLong(body + 24) <= in.getLong(body);
        return sound && areRunsSound(in, at + RUNS_AT, count);
    }

    static boolean areRunsSound(ByteBuffer in, int runsAt, int count) {
        boolean sound = true;
        int epoch = 0;
        long first = 0;
        for (int i = 0; i < count && sound; i++) {
            int run = runsAt + i * RUN_BYTES;
            sound = in.getInt(run) > epoch && in.getLong(run + 4) > first && isSeq(in.getLong(run + 4));
            epoch = in.getInt(run);
            first = in.getLong(run + 4);
        }
        return sound;
    }

    private static boolean isRewindSound(ByteBuffer in, int at) {
        int body = at + HEAD_BYTES;
        long head = in.getLong(body + 8);
        long fork = in.getLong(body + 16);
        return in.getInt(body) >= 0 && in.getInt(body + 4) == 0 && isSeq(head) && fork >= 0 && fork < head;
    }

    private static boolean isHaveSound(ByteBuffer in, int at) {
        int body = at + HEAD_BYTES;
        long held = in.getLong(body);
        long logged = in.getLong(body + 8);
        long rooted = in.getLong(body + 16);
        return isSeq(held) && logged >= 0 && logged <= held && rooted >= 0 && rooted <= held;
    }

    private static boolean isAppendSound(ByteBuffer in, int at, int count, int epoch) {
        int body = at + HEAD_BYTES;
        int payloadBytes = in.getInt(body + 4);
        int headBytes = headBytes(APPEND, count);
        boolean sound = in.getInt(body) >= 0
                && in.getInt(body) <= epoch
                && payloadBytes >= 0
                && payloadBytes <= Entries.MOST_PAYLOAD_BYTES
                && headBytes + payloadBytes == in.getInt(at + LENGTH_AT);
        for (int field = 8; field <= 40; field += Long.BYTES) {
            sound &= isSeq(in.getLong(body + field));
        }
        return sound && areEntriesSound(in, at, count, epoch);
    }

    /** Whether epochs do not fall, none is newer than the message, payloads follow each other, entries are sound. */
    private static boolean areEntriesSound(ByteBuffer in, int at, int count, int newestEpoch) {
        int epoch = Math.max(1, in.getInt(at + HEAD_BYTES));
        int end = 0;
        boolean sound = true;
        for (int i = 0; i < count && sound; i++) {
            int entry = at + ENTRIES_AT + i * ENTRY_BYTES;
            int itsEpoch = in.getInt(entry + 4);
            int itsEnd = in.getInt(entry + 28);
            sound = in.getShort(entry + 2) == 0
                    && itsEpoch >= epoch
                    && itsEpoch <= newestEpoch
                    && itsEnd >= end
                    && isEntrySound(in, entry, itsEnd - end);
            epoch = itsEpoch;
            end = itsEnd;
        }
        return sound && end == in.getInt(at + HEAD_BYTES + 4);
    }

    private static boolean isEntrySound(ByteBuffer in, int entry, int payloadBytes) {
        int flags = in.get(entry + 1) & 0xFF;
        return Entry.isSoundChange(in.get(entry), flags, in.getLong(entry + 8), in.getLong(entry + 16), payloadBytes);
    }

    private boolean payloadsHold(ByteBuffer in, int at, int count) {
        int payloadsAt = at + headBytes(APPEND, count);
        int end = 0;
        boolean holds = true;
        for (int i = 0; i < count && holds; i++) {
            int entry = at + ENTRIES_AT + i * ENTRY_BYTES;
            int itsEnd = in.getInt(entry + 28);
            holds = in.getInt(entry + 24) == crc.of(in, payloadsAt + end, itsEnd - end);
            end = itsEnd;
        }
        return holds;
    }
}
