package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.holdfast.block.Request;
import dev.holdfast.sim.random.SimRandom;
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
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that dies loses nothing that was acknowledged: the next one has it from the root and the memory log. */
final class ReplayTest {
    private static final int SIZE = (4 << 20) - 1000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void theNextProcessHasWhatTheLastOneAcknowledged(long seed) {
        LaneBed bed = new LaneBed(seed, 1000, 8 << 20);
        SimRandom random = new SimRandom(seed + 100);
        Shard shard = bed.serve(SIZE);
        Client client = new Client(shard, SIZE);
        bed.run(() -> bed.lane.createShard(new ShardMeta(9, 1, 1, "second", 1 << 20), status -> {}));
        Client second =
                new Client(bed.world.call(bed.loop, () -> bed.lane.shard(9).get()), 1 << 20);
        int steps = 50 + random.below(300);
        for (int step = 0; step < steps; step++) {
            Client one = random.oneIn(4) ? second : client;
            bed.run(() -> change(bed, one, random));
            bed.world.runFor(random.below(100_000));
        }
        bed.world.runUntil(() -> !bed.committer.isRunning());
        long held = shard.heldSeq();

        Lane next = new Lane(0, bed.loop, bed.array, bed.committer, new LaneBudget(1000, 512, 1_000_000_000L));
        bed.committer.lane = next;
        bed.run(() -> {
            for (ShardMeta meta : bed.committer.metas.values()) {
                ObjectRoot tree = bed.committer.trees.get(meta.id());
                next.open(new ShardOpening(meta, 1, bed.committer.appliedSeqs.get(meta.id()), tree));
            }
            replay(bed, next);
            assertEquals(held, next.shard(LaneBed.SHARD).get().heldSeq(), "every held change is found");
        });
        sameBytes(bed, client, next);
        while (bed.world.call(bed.loop, next::hasChanges)) {
            bed.checkpoint();
        }
        sameBytes(bed, client, next);
        ByteBuffer region = ByteBuffer.allocateDirect((8 << 20) + 4096).alignedSlice(4096);
        bed.run(() -> {
            next.serve(MemoryLog.label(region, new LogIdentity(1, 2, 3, 4, 6), 0, 1));
            next.grant(1000);
            assertEquals(
                    shard.epoch() + 1, next.shard(LaneBed.SHARD).get().epoch(), "a new process numbers in a new epoch");
        });
        Client goesOn = new Client(
                bed.world.call(bed.loop, () -> next.shard(LaneBed.SHARD).get()), SIZE);
        System.arraycopy(client.model, 0, goesOn.model, 0, SIZE);
        for (int step = 0; step < 100; step++) {
            bed.run(() -> change(bed, goesOn, random));
        }
        bed.checkpoint();
        sameBytes(bed, goesOn, next);
    }

    @Test
    void theContextOfAFrontEndHasANumberAndChangesNothing() {
        LaneBed bed = new LaneBed(9, 1000, 8 << 20);
        Lane next = new Lane(0, bed.loop, bed.array, bed.committer, new LaneBudget(1000, 512, 1_000_000_000L));
        bed.run(() -> {
            Shard shard = next.open(new ShardOpening(new ShardMeta(1, 1, 1, "v", 1 << 20), 1, 1, ObjectRoot.EMPTY));
            bed.committer.appliedSeqs.put(1, 1L);
            MemoryLog log = MemoryLog.label(bed.region, new LogIdentity(1, 2, 3, 4, 5), 0, 1);
            ByteBuffer context = ByteBuffer.allocateDirect(100);
            log.append(EntryKind.CONTEXT, 0, 1, 1, 2, 0, 0, context);
            log.append(EntryKind.TRIM, 0, 1, 1, 3, 0, 4096, MemoryLog.noPayload());
            replay(bed, next);
            assertEquals(3, shard.heldSeq());
        });
    }

    private static void change(LaneBed bed, Client client, SimRandom random) {
        long size = client.volume.sizeBytes();
        long offset = random.below(size);
        int length = (int) Math.min(size - offset, 1 + random.below(random.oneIn(5) ? 200_000 : 9000));
        switch (random.below(12)) {
            case 0 -> client.zero(Request.Kind.TRIM, offset, length);
            case 1 -> client.zero(Request.Kind.ZERO, offset, Math.min(size - offset, 300_000));
            case 2 -> {
                if (random.oneIn(10)) {
                    bed.committer.checkpointWanted("test");
                }
            }
            case 3 -> {
                if (client.volume instanceof Shard shard && random.oneIn(4)) {
                    shard.control(ControlChange.snapshot(shard.heldSeq(), false, "s", status -> {}));
                }
            }
            default -> {
                byte[] bytes = new byte[length];
                for (int i = 0; i < length; i++) {
                    bytes[i] = (byte) (i * 7 + length);
                }
                if (client.volume.hasRoom(length)) {
                    client.write(offset, bytes, random.oneIn(9));
                }
            }
        }
    }

    private static void sameBytes(LaneBed bed, Client client, Lane next) {
        Client again = new Client(
                bed.world.call(bed.loop, () -> next.shard(LaneBed.SHARD).get()), SIZE);
        System.arraycopy(client.model, 0, again.model, 0, SIZE);
        for (int at = 0; at < SIZE; at += 1 << 20) {
            int from = at;
            bed.run(() -> again.read(from, Math.min(1 << 20, SIZE - from)));
        }
        bed.world.runUntil(() -> again.outstanding.isEmpty());
        assertEquals(SIZE, again.compared);
    }

    private static void replay(LaneBed bed, Lane next) {
        MemoryVerdict verdict = MemoryScan.of(bed.region, new LogIdentity(1, 2, 3, 4, 5));
        MemoryScan memory =
                assertInstanceOf(MemoryVerdict.Trusted.class, verdict).entries();
        RingStart start = new RingStart(1, 2, 5, 0, 0);
        RingFound ring = RingFound.nothing(start);
        ReplaySet set = new ReplaySet(
                bed.array,
                ring,
                List.of(memory),
                id -> bed.committer.appliedSeqs.getOrDefault(id, 0L),
                bed.loop,
                () -> {});
        ReplaySet.Step step = set.next();
        while (step == ReplaySet.Step.ENTRY) {
            next.replay(set.entry());
            step = set.next();
        }
        assertEquals(ReplaySet.Step.END, step);
    }
}
