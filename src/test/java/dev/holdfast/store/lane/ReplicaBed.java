package dev.holdfast.store.lane;

import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.MemoryLog;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A lane with one mirrored shard, whose protocol is the test. */
final class ReplicaBed {
    static final int SIZE = 1 << 20;

    final LaneBed bed;
    final List<Long> told = new ArrayList<>();
    final Shard shard;
    final ReplicaShard replica;
    final Client client;

    ReplicaBed(int memoryBytes) {
        bed = new LaneBed(1, 1000, memoryBytes);
        shard = bed.world.call(bed.loop, () -> {
            ShardMeta meta = new ShardMeta(LaneBed.SHARD, 0, 0, "mirrored", SIZE);
            ShardOpening opening =
                    new ShardOpening(meta, 4, 10, ObjectRoot.empty(SIZE / 4096), List.of(new EpochStart(4, 8)));
            bed.committer.appliedSeqs.put(LaneBed.SHARD, 10L);
            Shard opened = bed.lane.open(opening, (of, seq) -> told.add(seq));
            bed.lane.serve(bed.log);
            bed.lane.grant(1000);
            return opened;
        });
        replica = shard.replica().orElseThrow();
        client = new Client(shard, SIZE);
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
