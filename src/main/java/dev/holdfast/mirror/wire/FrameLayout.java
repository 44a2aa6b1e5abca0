package dev.holdfast.mirror.wire;

import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.KeptSnapshots;
import dev.holdfast.mirror.Message;
import dev.holdfast.store.log.Entry;

/**
 * Where things stand in a frame; no rules but how long its head is.
 *
 * <pre>
 *  at size  little endian
 *   0    4  CRC32C of bytes 4 up to the payloads
 *   4    4  length of the frame in bytes, payloads included
 *   8    1  kind: 1 PAST, 2 REWIND, 3 APPEND, 4 HAVE, 5 BEAT, 6 IMAGE, 7 IMAGE_END, 8 LAID, 9 RESIGN,
 *              10 COMPARE, 11 DIGESTS, 12 WANT, 13 BLOCK
 *   9    1  0
 *  10    2  count: runs of a PAST or IMAGE, entries of an APPEND, snapshots of an IMAGE_END, digests
 *             of a DIGESTS, 1 of a BLOCK with bytes, else 0
 *  12    4  shard
 *  16    4  epoch of the message
 *  20    4  0
 *  24    8  incarnation of the sender
 *  32    8  incarnation of the receiver
 *  40       body
 *
 * PAST             REWIND            APPEND               HAVE
 *  0  8 held        0  4 head epoch   0  4 previous epoch  0  8 held
 *  8  4 mixture:    4  4 0            4  4 payload bytes   8  8 logged
 *       epoch       8  8 head seq     8  8 previous seq   16  8 rooted
 * 12  4 0          16  8 fork        16  8 commit         24  8 sent at
 * 16  8 its seq                      24  8 stable
 * 24  8 rooted                       32  8 durable
 * 32    runs                         40  8 log up to
 * run                                48  8 sent at
 *  0  4 epoch                        56    entries, then their payloads without gaps
 *  4  8 first seq
 *
 * IMAGE                      IMAGE_END         LAID              run of an IMAGE
 *  0  8 base                  0  8 base         0  4 to: epoch    0  4 kind: 1 bytes, 2 zeroes, 3 errors
 *  8  4 to: epoch             8  4 to: epoch    4  4 1: no room  4  4 0
 * 12  4 payload bytes        12  2 runs         8  8 to: seq      8  8 first block
 * 16  8 to: seq              14  2 name length 16  8 blocks      16  8 blocks
 * 24  8 size in bytes        16  8 to: seq
 * 32  8 first block          24  8 the snapshot made there, or 0
 * 40  8 end block            32 64 its name, UTF-8, rest 0
 * 48  4 CRC32C of the payload 96    64 runs as those of a PAST, rest 0
 * 52  4 0                   864    8 each: snapshots there
 * 56    runs, then their payload
 *
 * COMPARE, and the beginning of DIGESTS          DIGESTS, further         digest
 *  0  8 snapshot                                 24  4 at: epoch           0  8 of a range
 *  8  8 first block                              28  4 0                   8  4 blocks that it has
 * 16  4 blocks of a range                        32  8 at: seq
 * 20  2 ranges                                   40  8 size in bytes
 * 22  1 1: every block is read                   48    digests
 * 23  1 0
 *
 * WANT, and the beginning of BLOCK               BLOCK, further
 *  0  8 block                                    16  4 CRC32C of its bytes, 0 without any
 *  8  4 CRC32C of the bytes that are wanted      20  4 0
 * 12  4 0                                        24    its 4096 bytes, or nothing
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
 * <p>A RESIGN has no body. Of a BEAT everything after the kind is 0, and there is no body.
 */
final class FrameLayout {
    static final byte PAST = 1;
    static final byte REWIND = 2;
    static final byte APPEND = 3;
    static final byte HAVE = 4;
    static final byte BEAT = 5;
    static final byte IMAGE = 6;
    static final byte IMAGE_END = 7;
    static final byte LAID = 8;
    static final byte RESIGN = 9;
    static final byte COMPARE = 10;
    static final byte DIGESTS = 11;
    static final byte WANT = 12;
    static final byte BLOCK = 13;

    static final int HEAD_BYTES = 40;
    static final int RUN_BYTES = 12;
    static final int ENTRY_BYTES = 32;

    static final int IMAGE_RUN_BYTES = 24;

    static final int PAST_BYTES = 32;

    static final int REWIND_BYTES = 24;
    static final int APPEND_BYTES = 56;
    static final int HAVE_BYTES = 32;
    static final int IMAGE_BYTES = 56;
    static final int LAID_BYTES = 24;
    static final int COMPARE_BYTES = 24;
    static final int DIGESTS_BYTES = 48;
    static final int DIGEST_BYTES = 12;
    static final int WANT_BYTES = 16;
    static final int BLOCK_BYTES = 24;

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

    /** Where the name and the runs of an IMAGE_END begin, and its snapshots. */
    static final int END_NAME_AT = HEAD_BYTES + 32;

    static final int END_RUNS_AT = END_NAME_AT + KeptSnapshots.MOST_NAME_BYTES;
    static final int END_IDS_AT = END_RUNS_AT + Message.ImageEnd.MOST_RUNS * RUN_BYTES;

    /** Where the runs of an IMAGE begin. */
    static final int IMAGE_RUNS_AT = HEAD_BYTES + IMAGE_BYTES;

    /** Most blocks of a shard, and the greatest length in bytes is so many blocks. */
    static final long MOST_BLOCKS = 1L << 50;

    /** The greatest number of an entry; what follows it can still be counted. */
    static final long MOST_SEQ = 1L << 62;

    /** The longest frame. */
    static final int MOST_FRAME_BYTES =
            HEAD_BYTES + APPEND_BYTES + Entries.MOST * ENTRY_BYTES + Entries.MOST_PAYLOAD_BYTES;

    private FrameLayout() {}

    /** Bytes before the payloads; -1 if there is no such kind, or not that many of its items. */
    static int headBytes(byte kind, int count) {
        return switch (kind) {
            case IMAGE_END -> count <= KeptSnapshots.MOST ? END_IDS_AT + count * Long.BYTES : -1;
            case PAST -> count <= Message.Past.MOST_RUNS ? RUNS_AT + count * RUN_BYTES : -1;
            case REWIND -> count == 0 ? HEAD_BYTES + REWIND_BYTES : -1;
            case APPEND -> count <= Entries.MOST ? ENTRIES_AT + count * ENTRY_BYTES : -1;
            case HAVE -> count == 0 ? HEAD_BYTES + HAVE_BYTES : -1;
            case IMAGE -> count <= ImagePiece.MOST_RUNS ? IMAGE_RUNS_AT + count * IMAGE_RUN_BYTES : -1;
            case LAID -> count == 0 ? HEAD_BYTES + LAID_BYTES : -1;
            case COMPARE -> count == 0 ? HEAD_BYTES + COMPARE_BYTES : -1;
            case DIGESTS -> count <= Message.Ranges.MOST_UNITS ? HEAD_BYTES + DIGESTS_BYTES + count * DIGEST_BYTES : -1;
            case WANT -> count == 0 ? HEAD_BYTES + WANT_BYTES : -1;
            case BLOCK -> count <= 1 ? HEAD_BYTES + BLOCK_BYTES : -1;
            case BEAT, RESIGN -> count == 0 ? HEAD_BYTES : -1;
            default -> -1;
        };
    }
}
