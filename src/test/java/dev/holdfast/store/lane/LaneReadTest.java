package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Status;
import dev.holdfast.store.tree.ObjectRoot;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What reads of a lane cost and bring: blocks read once, ahead, kept, or found unreadable. */
final class LaneReadTest {
    private static final int SIZE = 4 << 20;

    private final LaneBed bed = new LaneBed(5, 2000, 8 << 20);

    private static byte[] bytes(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private Client client() {
        return new Client(bed.serve(SIZE), SIZE);
    }

    private void finish(Client client) {
        bed.world.runUntil(() -> client.outstanding.isEmpty());
    }

    @Test
    void manyReadersOfOneBlockCauseOneReadAndNeighboursOneMore() {
        Client client = client();
        bed.run(() -> client.write(0, bytes(1 << 20, 5), false));
        bed.checkpoint();
        Client cold = coldClient(client);
        bed.run(() -> {
            cold.read(0, 64 * 4096);
            for (int i = 0; i < 30; i++) {
                cold.read(4096 * 7, 4096);
            }
        });
        finish(cold);
        assertEquals(30L * 4096 + 64 * 4096, cold.compared);
        assertTrue(bed.array.readsOfBlocks <= 64 + 4, "no block is read twice: " + bed.array.readsOfBlocks);
        assertTrue(bed.array.reads <= 8, "neighbours are read together: " + bed.array.reads);
    }

    @Test
    void afterARootNothingHasToBeReadToFindWhatWasThere() {
        Client client = client();
        TreeSet<Integer> written = new TreeSet<>();
        for (int round = 0; round < 5; round++) {
            int value = round;
            for (int i = 0; i < 64; i++) {
                int from = (i * 37 + round / 2) % 1024 * 4096;
                written.add(from);
                bed.run(() -> client.write(from, bytes(4096, value + 1), false));
            }
            bed.checkpoint();
            bed.array.reads = 0;
            for (int at = 0; at < SIZE; at += 1 << 20) {
                int from = at;
                bed.run(() -> client.read(from, 1 << 20));
            }
            finish(client);
            assertEquals(0, bed.array.reads, "neither nodes nor blocks, round " + round);
        }
        assertTrue(bed.lane.statistics().framesInUse <= written.size() + 12, "what was replaced does not stay");
    }

    @Test
    void aStreamDoesNotComeIntoTheCacheAndWhatItReplacesLeaves() {
        LaneBed small = new LaneBed(12, 1024, 32 << 20);
        int size = 8 << 20;
        Client client = new Client(small.serve(size), size);
        for (int round = 1; round <= 2; round++) {
            for (int at = 0; at < size; at += 1 << 20) {
                int from = at;
                int value = round;
                small.run(() -> client.write(from, bytes(1 << 20, value), false));
            }
            small.checkpoint();
        }
        small.array.readsOfBlocks = 0;
        small.run(() -> client.read(0, 64 * 4096));
        small.world.runUntil(() -> client.outstanding.isEmpty());
        assertEquals(64, small.array.readsOfBlocks, "what was streamed is read again, and is right");
        assertTrue(small.lane.statistics().framesInUse < 200, "what it replaced has left");
    }

    @Test
    void aCacheThatIsFullGrowsWhileThereIsSomeToHave() {
        int size = 8 << 20;
        LaneBed small = new LaneBed(11, 1024, 32 << 20);
        small.committer.spareFrames = 2048;
        Client client = new Client(small.serve(size), size);
        for (int at = 0; at < size; at += 1 << 20) {
            int from = at;
            small.run(() -> client.write(from, bytes(1 << 20, from >> 20), false));
        }
        small.checkpoint();
        for (int round = 0; round < 4; round++) {
            for (int at = 0; at < size; at += 4096 * 3) {
                int from = at;
                small.run(() -> client.read(from, Math.min(4096 * 3, size - from)));
                small.world.runUntil(() -> client.outstanding.isEmpty());
            }
        }
        assertEquals(0, small.committer.spareFrames);
        small.array.readsOfBlocks = 0;
        for (int at = 0; at < size; at += 1 << 20) {
            int from = at;
            small.run(() -> client.read(from, 1 << 20));
        }
        small.world.runUntil(() -> client.outstanding.isEmpty());
        assertEquals(0, small.array.readsOfBlocks, "all of it fits now");
    }

    /** Another lane over the same array, with nothing in its cache. */
    private Client coldClient(Client client) {
        ObjectRoot tree = bed.committer.trees.get(LaneBed.SHARD);
        Lane other = new Lane(1, bed.loop, bed.array, bed.committer, new LaneBudget(2000, 8, 1));
        ShardMeta meta = bed.committer.metas.get(LaneBed.SHARD);
        Shard shard = bed.world.call(bed.loop, () -> other.open(new ShardOpening(meta, 1, 9, tree)));
        bed.array.reads = 0;
        bed.array.readsOfBlocks = 0;
        Client cold = new Client(shard, SIZE);
        System.arraycopy(client.model, 0, cold.model, 0, SIZE);
        return cold;
    }

    @Test
    void aRottenBlockFailsOnlyThoseWhoReadIt() {
        Client client = client();
        bed.run(() -> client.write(0, bytes(1 << 20, 5), false));
        bed.checkpoint();
        Client cold = coldClient(client);
        cold.failuresAllowed = true;
        bed.array.rotten.add(40L);
        bed.array.halfRotten.add(41L);
        bed.run(() -> {
            for (int i = 0; i < 256; i++) {
                cold.read(i * 4096L, 4096);
            }
        });
        finish(cold);
        assertEquals(List.of(Status.IO_ERROR), cold.failures);
        assertEquals(255 * 4096, cold.compared);
        assertEquals(1, bed.committer.unreadable.size());
        assertEquals(List.of(41L), bed.committer.repairs);
        bed.array.rotten.clear();
        long block = bed.committer.unreadable.getFirst();
        bed.run(() -> cold.read(block * 4096, 4096));
        finish(cold);
        assertEquals(1, cold.failures.size(), "a block that comes back is read again");
    }

    @Test
    void bytesWrittenOverAnUnreadableBlockAreReadAndTheOthersAreErrors() {
        Client client = client();
        client.failuresAllowed = true;
        bed.run(() -> client.write(0, bytes(8192, 5), false));
        bed.checkpoint();
        bed.array.rotten.add(1L);
        bed.array.rotten.add(2L);
        Lane other = new Lane(1, bed.loop, bed.array, bed.committer, new LaneBudget(2000, 8, 1));
        ObjectRoot tree = bed.committer.trees.get(LaneBed.SHARD);
        ShardMeta meta = bed.committer.metas.get(LaneBed.SHARD);
        bed.committer.lane = other;
        Client cold = new Client(
                bed.world.call(bed.loop, () -> {
                    Shard shard = other.open(new ShardOpening(meta, 1, 9, tree));
                    other.serve(new LaneBed(6, 2000, 8 << 20).log);
                    other.grant(100);
                    return shard;
                }),
                SIZE);
        cold.failuresAllowed = true;
        bed.run(() -> {
            cold.write(512, bytes(1024, 9), false);
            cold.read(600, 900);
            cold.read(0, 4096);
        });
        finish(cold);
        assertEquals(900, cold.compared);
        assertEquals(List.of(Status.IO_ERROR), cold.failures);
        bed.checkpoint();
        bed.run(() -> cold.read(0, 512));
        finish(cold);
        assertEquals(2, cold.failures.size(), "nothing is invented in place of lost bytes");
        bed.run(() -> cold.write(0, bytes(4096, 8), false));
        bed.checkpoint();
        bed.run(() -> cold.read(0, 4096));
        finish(cold);
        assertEquals(2, cold.failures.size(), "a whole write makes it whole");
    }

    @Test
    void aSequentialReaderFindsWhatItWillNeedNext() {
        Client client = client();
        for (int i = 0; i < 4; i++) {
            int at = i << 20;
            bed.run(() -> client.write(at, bytes(1 << 20, 5 + at), false));
        }
        bed.checkpoint();
        Client cold = coldClient(client);
        for (int at = 0; at < SIZE; at += 65536) {
            int from = at;
            bed.run(() -> cold.read(from, 65536));
            finish(cold);
            bed.world.runFor(500_000);
        }
        assertTrue(bed.array.readsOfBlocks < 1024 + 40, "nothing is read twice: " + bed.array.readsOfBlocks);
        assertTrue(bed.array.longestRun == 64, "ahead in long runs");
        assertEquals(SIZE, cold.compared);
    }

    @Test
    void aReaderWhoJumpsAboutReadsNothingAhead() {
        Client client = client();
        bed.run(() -> client.write(0, bytes(1 << 20, 5), false));
        bed.checkpoint();
        Client cold = coldClient(client);
        for (int i = 0; i < 60; i++) {
            int from = (i * 37 % 256) * 4096;
            bed.run(() -> cold.read(from, 4096));
            finish(cold);
        }
        assertTrue(bed.array.readsOfBlocks <= 60 + 4, "only what was asked for: " + bed.array.readsOfBlocks);
    }
}
