package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.mirror.wire.Entries;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.EntryReader;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Changes that a shard holds, read where they lie; good as long as nothing else happens to the shard. Those that are
 * overwritten anyway may be without bytes: then they change nothing, and keep their place.
 */
final class HeldBatch implements Entries {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ReplicaShard shard;
    private final Optional<Overwritten> overwritten;
    private final long first;
    private final long last;
    private final int payloadBytes;

    /** As many changes from {@code firstSeq} on, which is kept, as a message may have. */
    HeldBatch(ReplicaShard shard, long firstSeq) {
        this(shard, firstSeq, Optional.empty());
    }

    /** The same, without the bytes of what is {@code overwritten}. */
    HeldBatch(ReplicaShard shard, long firstSeq, Optional<Overwritten> overwritten) {
        Checks.that(firstSeq >= shard.firstKeptSeq(), "what is sent is kept", firstSeq, shard.firstKeptSeq());
        this.shard = shard;
        this.overwritten = overwritten;
        this.first = firstSeq;
        long most = Math.min(shard.heldSeq(), firstSeq + MOST - 1);
        int bytes = payloadBytes(firstSeq);
        long seq = firstSeq;
        while (seq < most && bytes + payloadBytes(seq + 1) <= MOST_PAYLOAD_BYTES) {
            bytes += payloadBytes(++seq);
        }
        this.last = seq;
        this.payloadBytes = bytes;
    }

    @Override
    public long first() {
        return first;
    }

    @Override
    public long last() {
        return last;
    }

    @Override
    public int epochAt(long seq) {
        return shard.epochOf(seq);
    }

    @Override
    public int payloadBytes() {
        return payloadBytes;
    }

    /** Of one change. */
    @Override
    public int payloadBytes(long seq) {
        return isSkipped(seq) ? 0 : shard.payloadBytes(seq);
    }

    private boolean isSkipped(long seq) {
        return overwritten.isPresent() && overwritten.get().has(seq);
    }

    @Override
    public void read(long seq, EntryReader reader) {
        Checks.that(seq >= first && seq <= last, "the change is in the batch", seq, first, last);
        if (isSkipped(seq)) {
            Marks.reached("replica.skip");
            reader.entry(shard.epochOf(seq), seq, EntryKind.TRIM, 0, 0, 0, NOTHING, 0);
        } else {
            shard.read(seq, reader);
        }
    }
}
