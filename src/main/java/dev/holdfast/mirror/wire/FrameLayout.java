package dev.holdfast.mirror.wire;

import dev.holdfast.store.log.Entry;

/**
 * Where things stand in a frame; no rules but how long its head is.
 *
 * <pre>
 *  at size  little endian
 *   0    4  CRC32C of bytes 4 up to the payloads
 *   4    4  length of the frame in bytes, payloads included
 *   8    1  kind: 1 PAST, 2 REWIND, 3 APPEND, 4 HAVE, 5 BEAT
 *   9    1  0
 *  10    2  count: runs of a PAST, entries of an APPEND, else 0
 *  12    4  shard
 *  16    4  epoch of the message
 *  20    4  0
 *  24    8  incarnation of the sender
 *  32    8  incarnation of the receiver
 *  40       body
 *
 * PAST             REWIND            APPEND               HAVE
 *  0  8 held        0  4 head epoch   0  4 previous epoch  0  8 held
 *  8    runs        4  4 0            4  4 payload bytes   8  8 logged
 *                   8  8 head seq     8  8 previous seq   16  8 rooted
 *                  16  8 fork        16  8 commit         24  8 sent at
 *                                    24  8 stable
 *                                    32  8 durable
 * run                                40  8 log up to
 *  0  4 epoch                        48  8 sent at
 *  4  8 first seq                    56    entries, then their payloads without gaps
 *
 * entry (its seq is one more than that before)
 *  0  1 kind, see {@link dev.holdfast.store.log.EntryKind}
 *  1  1 flags, see {@link Entry}
 *  2  2 0
 *  4  4 epoch
 *  8  8 offset
 * 16  8 length of the range
 * 24  4 CRC32C of the payload
 * 28  4 where its payload ends, counted from the first one's beginning; it begins where that before ends
 * </pre>
 *
 * <p>Of a BEAT everything after the kind is 0, and there is no body.
 */
final class FrameLayout {
    static final byte PAST = 1;
    static final byte REWIND = 2;
    static final byte APPEND = 3;
    static final byte HAVE = 4;
    static final byte BEAT = 5;

    static final int HEAD_BYTES = 40;
    static final int RUN_BYTES = 12;
    static final int ENTRY_BYTES = 32;

    static final int PAST_BYTES = 8;
    static final int REWIND_BYTES = 24;
    static final int APPEND_BYTES = 56;
    static final int HAVE_BYTES = 32;

    static final int LENGTH_AT = 4;
    static final int KIND_AT = 8;
    static final int COUNT_AT = 10;
    static final int SHARD_AT = 12;
    static final int EPOCH_AT = 16;
    static final int FROM_AT = 24;
    static final int TO_AT = 32;

    /** Where the runs of a PAST begin. */
    static final int RUNS_AT = HEAD_BYTES + PAST_BYTES;

    /** Where the entries of an APPEND begin. */
    static final int ENTRIES_AT = HEAD_BYTES + APPEND_BYTES;

    /** Most runs of a history. A log has fewer; a frame with these is shorter than one with most entries. */
    static final int MOST_RUNS = 1024;

    /** The greatest number of an entry; what follows it can still be counted. */
    static final long MOST_SEQ = 1L << 62;

    /** The longest frame. */
    static final int MOST_FRAME_BYTES =
            HEAD_BYTES + APPEND_BYTES + Entries.MOST * ENTRY_BYTES + Entries.MOST_PAYLOAD_BYTES;

    private FrameLayout() {}

    /** Bytes before the payloads; -1 if there is no such kind, or not that many of its items. */
    static int headBytes(byte kind, int count) {
        return switch (kind) {
            case PAST -> count <= MOST_RUNS ? RUNS_AT + count * RUN_BYTES : -1;
            case REWIND -> count == 0 ? HEAD_BYTES + REWIND_BYTES : -1;
            case APPEND -> count <= Entries.MOST ? ENTRIES_AT + count * ENTRY_BYTES : -1;
            case HAVE -> count == 0 ? HEAD_BYTES + HAVE_BYTES : -1;
            case BEAT -> count == 0 ? HEAD_BYTES : -1;
            default -> -1;
        };
    }
}
