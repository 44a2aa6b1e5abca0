package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.mirror.wire.Entries;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.log.EntryReader;

/** Changes that a shard holds, read where they lie; good as long as nothing else happens to the shard. */
final class HeldBatch implements Entries {
    private final ReplicaShard shard;
    private final long first;
    private final long last;
    private final int payloadBytes;

    /** As many changes from {@code firstSeq} on, which is kept, as a message may have. */
    HeldBatch(ReplicaShard shard, long firstSeq) {
        Checks.that(firstSeq >= shard.firstKeptSeq(), "what is sent is kept", firstSeq, shard.firstKeptSeq());
        this.shard = shard;
        this.first = firstSeq;
        long most = Math.min(shard.heldSeq(), firstSeq + MOST - 1);
        int bytes = shard.payloadBytes(firstSeq);
        long seq = firstSeq;
        while (seq < most && bytes + shard.payloadBytes(seq + 1) <= MOST_PAYLOAD_BYTES) {
            bytes += shard.payloadBytes(++seq);
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

    @Override
    public void read(long seq, EntryReader reader) {
        Checks.that(seq >= first && seq <= last, "the change is in the batch", seq, first, last);
        shard.read(seq, reader);
    }
}
