package dev.holdfast.mirror.wire;

import static dev.holdfast.mirror.wire.FrameLayout.ENTRY_BYTES;

import dev.holdfast.base.Checks;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.EntryReader;
import java.nio.ByteBuffer;

/** Entries where they lie in a frame that was found sound. */
final class ReceivedEntries implements Entries {
    private final ByteBuffer frames;
    private final ByteBuffer payload;
    private final long first;
    private final int count;
    private final int entriesAt;

    /** {@code count} &gt; 0 entries from {@code first} on, whose descriptors begin at {@code entriesAt}. */
    ReceivedEntries(ByteBuffer frames, int entriesAt, long first, int count) {
        Checks.that(count > 0, "a batch without entries is no bytes", first);
        this.frames = frames;
        this.payload = frames.duplicate();
        this.entriesAt = entriesAt;
        this.first = first;
        this.count = count;
    }

    @Override
    public long first() {
        return first;
    }

    @Override
    public long last() {
        return first + count - 1;
    }

    @Override
    public int epochAt(long seq) {
        return frames.getInt(at(seq) + 4);
    }

    @Override
    public int payloadBytes() {
        return frames.getInt(at(last()) + 28);
    }

    @Override
    public int payloadBytes(long seq) {
        int at = at(seq);
        return frames.getInt(at + 28) - (seq == first ? 0 : frames.getInt(at - ENTRY_BYTES + 28));
    }

    @Override
    public void read(long seq, EntryReader reader) {
        int at = at(seq);
        int payloadsAt = entriesAt + count * ENTRY_BYTES;
        int start = seq == first ? 0 : frames.getInt(at - ENTRY_BYTES + 28);
        int end = frames.getInt(at + 28);
        Checks.that(start <= end && end <= MOST_PAYLOAD_BYTES, "a payload is in its frame", start, end);
        payload.clear().limit(payloadsAt + end).position(payloadsAt + start);
        reader.entry(
                frames.getInt(at + 4),
                seq,
                EntryKind.of(frames.get(at)),
                frames.get(at + 1) & 0xFF,
                frames.getLong(at + 8),
                frames.getLong(at + 16),
                payload,
                frames.getInt(at + 24));
    }

    private int at(long seq) {
        Checks.that(seq >= first && seq - first < count, "the entry is in the batch", seq, first, count);
        return entriesAt + (int) (seq - first) * ENTRY_BYTES;
    }
}
