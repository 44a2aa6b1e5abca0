package dev.holdfast.store.lane;

import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.LogIdentity;
import dev.holdfast.store.log.MemoryLog;
import dev.holdfast.store.log.MemoryScan;
import dev.holdfast.store.log.MemoryVerdict;
import dev.holdfast.store.log.ReplaySet;
import dev.holdfast.store.log.RingFound;
import dev.holdfast.store.log.RingStart;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A lane with one mirrored shard, whose protocol is the test. */
final class ReplicaBed {
    static final int SIZE = 1 << 20;
    static final long FIRST_SEQ = 11;

    final LaneBed bed;
    final List<Long> told = new ArrayList<>();
    final List<Long> wanted = new ArrayList<>();
    int flushesWanted;
    final Shard shard;
    final ReplicaShard replica;
    final Client client;
    final List<Integer> epochsFoundAgain = new ArrayList<>();

    ReplicaBed(int memoryBytes) {
        this(memoryBytes, Long.MAX_VALUE);
    }

    /** With a bound for what no root covers. */
    ReplicaBed(int memoryBytes, long uncoveredBytes) {
        bed = new LaneBed(1, new LaneBudget(1000, 512, LaneBudget.OLDEST_NANOS, uncoveredBytes), memoryBytes);
        shard = bed.world.call(bed.loop, () -> {
            ShardMeta meta = new ShardMeta(LaneBed.SHARD, 0, 0, "mirrored", SIZE);
            ShardOpening opening =
                    new ShardOpening(meta, 4, 10, ObjectRoot.empty(SIZE / 4096), List.of(new EpochStart(4, 8)));
            bed.committer.appliedSeqs.put(LaneBed.SHARD, 10L);
            Shard opened = bed.lane.open(opening, gate());
            bed.lane.serve(bed.log);
            bed.lane.grant(1000);
            return opened;
        });
        replica = shard.replica().orElseThrow();
        client = new Client(shard, SIZE);
    }

    /** The test as the protocol. */
    Gate gate() {
        return new Gate() {
            @Override
            public void held(Shard of, long seq) {
                told.add(seq);
            }

            @Override
            public void stabilityWanted(Shard of, long seq) {
                wanted.add(seq);
            }

            @Override
            public void flushWanted(Shard of) {
                flushesWanted++;
            }
        };
    }

    /** Every in-sync replica has logged changes up to {@code seq}. */
    void stable(long seq) {
        bed.run(() -> replica.stable(seq));
    }

    /** Every replica has changes up to {@code seq} on stable storage. */
    void durable(long seq) {
        bed.run(() -> replica.durable(seq));
    }

    static byte[] block(int value) {
        byte[] bytes = new byte[4096];
        java.util.Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    /** Holds change {@code seq}: block {@code block} gets {@code value}. */
    boolean holdWrite(int epoch, long seq, int block, int value) {
        ByteBuffer payload = ByteBuffer.allocateDirect(4096).put(block(value)).flip();
        return bed.world.call(
                bed.loop, () -> replica.hold(epoch, seq, EntryKind.WRITE, 0, block * 4096L, 4096, payload));
    }

    /** Holds a change without bytes. */
    boolean holdTrim(int epoch, long seq, long offset, long length) {
        return bed.world.call(
                bed.loop, () -> replica.hold(epoch, seq, EntryKind.TRIM, 0, offset, length, MemoryLog.noPayload()));
    }

    boolean rewind(long toSeq) {
        return bed.world.call(bed.loop, () -> replica.rewind(toSeq));
    }

    /** Numbers of the changes that the next process finds in memory, if no root came since {@link #bed} began. */
    List<Long> foundAgain() {
        MemoryVerdict verdict = MemoryScan.of(bed.region, new LogIdentity(1, 2, 3, 4, 5));
        MemoryScan memory = ((MemoryVerdict.Trusted) verdict).entries();
        RingStart start = new RingStart(1, 2, 5, 0, 0);
        RingFound ring = RingFound.nothing(start);
        ReplaySet set = new ReplaySet(bed.array, ring, List.of(memory), id -> 10, bed.loop, () -> {});
        List<Long> seqs = new ArrayList<>();
        epochsFoundAgain.clear();
        while (set.next() == ReplaySet.Step.ENTRY) {
            seqs.add(set.entry().seq());
            epochsFoundAgain.add(set.entry().epoch());
        }
        return seqs;
    }

    /** Changes {@code first} to {@code last} as another replica is given them. */
    List<String> read(long first, long last) {
        List<String> seen = new ArrayList<>();
        for (long change = first; change <= last; change++) {
            long wantedSeq = change;
            bed.run(() -> replica.read(
                    wantedSeq,
                    (epoch, seq, kind, flags, offset, length, payload, checksum) ->
                            seen.add(seq + " in " + epoch + " " + kind + " " + offset + "+" + length + ": "
                                    + (payload.hasRemaining() ? payload.get(payload.limit() - 1) : "none"))));
        }
        return seen;
    }

    /** Changes up to {@code seq} are visible. */
    void opened(long seq) {
        bed.run(() -> replica.opened(seq));
    }

    /** The block reads as {@code value}; says so in the client's model too. */
    void assertReads(int block, int value) {
        System.arraycopy(block(value), 0, client.model, block * 4096, 4096);
        long before = client.compared;
        bed.run(() -> client.read(block * 4096L, 4096));
        bed.world.runUntil(() -> client.outstanding.isEmpty());
        if (client.compared != before + 4096) {
            throw new AssertionError("the read failed");
        }
    }
}
