package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a lane promises beside the bytes: who is told when, who waits, who is refused. */
final class LaneTest {
    private static final int SIZE = 4 << 20;

    private final LaneBed bed = new LaneBed(5, 2000, 8 << 20);
    private final List<Status> done = new ArrayList<>();

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
    void aWriteIsAcknowledgedAtOnceAndAFlushWhenItIsLogged() {
        Client client = client();
        bed.committer.holdCommits = true;
        bed.run(() -> {
            client.write(5000, bytes(9000, 1), false);
            assertEquals(0, client.outstanding.size(), "held is enough");
            client.submit(Request.Kind.FLUSH, 0, 0);
        });
        bed.world.runFor(50_000_000);
        assertEquals(1, client.outstanding.size(), "a flush waits for the log");
        bed.run(() -> bed.lane.logged(bed.log.published()));
        assertEquals(0, client.outstanding.size());
    }

    @Test
    void aFlushOfNothingIsDoneAtOnce() {
        Client client = client();
        bed.committer.holdCommits = true;
        bed.run(() -> {
            client.submit(Request.Kind.FLUSH, 0, 0);
            assertTrue(client.outstanding.isEmpty());
        });
        assertEquals(0, bed.committer.commits);
    }

    @Test
    void aTurnAsksForOneCommitHoweverManyWait() {
        Client client = client();
        bed.run(() -> {
            for (int i = 0; i < 20; i++) {
                client.write(i * 4096L, bytes(4096, i), true);
                client.submit(Request.Kind.FLUSH, 0, 0);
            }
        });
        finish(client);
        assertEquals(1, bed.committer.commits);
    }

    @Test
    void aRootAcknowledgesWhatTheLogDidNot() {
        Client client = client();
        bed.committer.holdCommits = true;
        bed.run(() -> client.write(0, bytes(4096, 1), true));
        bed.checkpoint();
        assertTrue(client.outstanding.isEmpty());
        assertEquals(bed.log.published(), bed.log.released(), "the memory log is empty");
    }

    @Test
    void behindAClosedGateNothingIsVisibleOrAcknowledged() {
        List<Long> held = new ArrayList<>();
        Gate closed = (shard, seq) -> held.add(seq);
        Shard shard = bed.world.call(bed.loop, () -> {
            ShardMeta meta = new ShardMeta(1, 0, 0, "mirrored", SIZE);
            Shard opened = bed.lane.open(new ShardOpening(meta, 1, 0, ObjectRoot.EMPTY), closed);
            bed.lane.serve(bed.log);
            bed.lane.grant(1000);
            return opened;
        });
        Client client = new Client(shard, SIZE);
        Client zeroes = new Client(shard, SIZE);
        bed.run(() -> {
            client.write(0, bytes(4096, 1), false);
            client.write(0, bytes(4096, 2), true);
            client.zero(Request.Kind.TRIM, 8192, 100);
            assertEquals(3, client.outstanding.size());
            zeroes.read(0, 8192);
            assertEquals(8192, zeroes.compared, "readers see nothing of it");
        });
        bed.checkpoint();
        assertEquals(0, bed.log.released(), "what is not visible is not covered");
        bed.run(() -> {
            shard.opened(2);
            assertEquals(2, client.outstanding.size(), "one is acknowledged, the next waits for the log");
            client.read(0, 4096);
            shard.opened(3);
        });
        finish(client);
        assertEquals(List.of(1L, 2L, 3L), held);
        assertEquals(3, shard.visibleSeq());
    }

    @Test
    void aFullMemoryLogStopsWritersAndAConsistencyPointLetsThemGoOn() {
        Client client = client();
        bed.committer.slowestCheckpointNanos = 2;
        List<Integer> woken = new ArrayList<>();
        bed.run(() -> {
            int written = 0;
            while (client.volume.hasRoom(4096)) {
                client.write(written++ % 900 * 4096L, bytes(4096, written), false);
            }
            client.volume.whenRoom(() -> woken.add(1));
            client.zero(Request.Kind.TRIM, 0, 4096);
            assertTrue(client.outstanding.isEmpty(), "a trim fits into the headroom");
        });
        assertTrue(bed.committer.reasons.contains("memory log"), "asked at 40 % already");
        bed.world.runUntil(() -> !woken.isEmpty());
        bed.run(() -> assertTrue(client.volume.hasRoom(1 << 20)));
    }

    @Test
    void smallPiecesOfBlocksAreBounded() {
        Client client = client();
        bed.run(() -> {
            int written = 0;
            while (client.volume.hasRoom(10)) {
                client.write(written++ * 4096L, bytes(10, 1), false);
            }
            assertEquals(511, written, "every piece of a block has a page until a root has it");
        });
        bed.world.runUntil(() -> bed.world.call(bed.loop, () -> client.volume.hasRoom(10)));
    }

    @Test
    void theMemoryLogMayMoveWhileItIsInUse() {
        Client client = client();
        bed.committer.slowestCheckpointNanos = 20_000_000;
        bed.run(() -> {
            client.write(0, bytes(100_000, 1), false);
            bed.committer.checkpointWanted("test");
        });
        bed.world.runFor(1_000_000);
        ByteBuffer moved = ByteBuffer.allocateDirect((8 << 20) + 4096).alignedSlice(4096);
        bed.run(() -> {
            client.write(50_000, bytes(100_000, 2), false);
            bed.lane.moveMemory(moved);
            client.write(120_000, bytes(100_000, 3), false);
            client.read(0, 300_000);
        });
        bed.checkpoint();
        bed.run(() -> client.read(0, 300_000));
        finish(client);
        assertEquals(600_000, client.compared);
    }

    @Test
    void aTrimThatFindsNoRoomWaitsForIt() {
        Client client = client();
        bed.run(() -> {
            for (int i = 0; bed.log.entriesLeft() > 0; i++) {
                client.zero(Request.Kind.ZERO, i % 100 * 4096L, 4096);
            }
            client.zero(Request.Kind.TRIM, 0, 4096);
            assertEquals(1, client.outstanding.size());
        });
        finish(client);
    }

    @Test
    void withoutSpaceWritesFailOnlyAfterConsistencyPointsDidNotHelp() {
        bed.committer.grant = 10;
        Client client = client();
        client.failuresAllowed = true;
        bed.run(() -> {
            client.write(0, bytes(4 * 4096, 1), false);
            client.write(4 * 4096, bytes(4 * 4096, 1), false);
            assertFalse(client.volume.hasRoom(4096), "the grant is used up");
        });
        bed.committer.grant = 3;
        boolean[] refused = {false};
        retry(client, refused);
        bed.world.runUntil(() -> refused[0]);
        assertEquals(List.of(Status.NO_SPACE), client.failures);
        assertTrue(bed.committer.checkpoints() >= 3, "deferred blocks come back after the second");
        bed.run(() -> bed.lane.grant(100));
        bed.run(() -> {
            assertTrue(client.volume.hasRoom(4096));
            client.write(0, bytes(4096, 7), false);
        });
        assertEquals(1, client.failures.size());
    }

    private void retry(Client client, boolean[] refused) {
        bed.loop.post(() -> {
            if (!client.volume.hasRoom(2 * 4096)) {
                client.volume.whenRoom(() -> retry(client, refused));
                return;
            }
            client.write(0, bytes(2 * 4096, 1), false);
            refused[0] = !client.failures.isEmpty();
        });
    }

    @Test
    void afterThePoolFailedChangesFailAndReadsGoOn() {
        Client client = client();
        client.failuresAllowed = true;
        bed.committer.holdCommits = true;
        bed.run(() -> {
            client.write(0, bytes(4096, 3), false);
            client.submit(Request.Kind.FLUSH, 0, 0);
            bed.lane.createSnapshot(LaneBed.SHARD, 1, false, "s", done::add);
            bed.lane.poolFailed("the last disk is gone");
            assertEquals(List.of(Status.IO_ERROR), client.failures);
            assertEquals(List.of(Status.IO_ERROR), done);
            assertTrue(client.volume.isReadOnly() && client.volume.hasRoom(4096));
            client.read(0, 4096);
            client.zero(Request.Kind.TRIM, 4096, 4096);
            client.submit(Request.Kind.FLUSH, 0, 0);
        });
        assertEquals(List.of(Status.IO_ERROR, Status.READ_ONLY, Status.IO_ERROR), client.failures);
        assertEquals(4096, client.compared);
    }

    @Test
    void stoppingRefusesChangesAndDrains() {
        Client client = client();
        client.failuresAllowed = true;
        boolean[] drained = {false};
        bed.run(() -> {
            client.write(0, bytes(4096, 3), true);
            bed.lane.stop(() -> drained[0] = true);
            client.zero(Request.Kind.TRIM, 8192, 4096);
        });
        assertEquals(List.of(Status.SHUTDOWN), client.failures);
        bed.world.runUntil(() -> drained[0]);
        assertTrue(client.outstanding.isEmpty(), "what was taken is finished");
    }

    @Test
    void requestsOutsideTheDiskAreInvalid() {
        Client client = client();
        client.failuresAllowed = true;
        bed.run(() -> {
            client.submit(Request.Kind.READ, SIZE - 10, 11);
            client.submit(Request.Kind.READ, 0, BlockVolume.MAX_TRANSFER_BYTES + 1);
            client.submit(Request.Kind.TRIM, -1, 4);
            client.submit(Request.Kind.ZERO, Long.MAX_VALUE, 4);
            client.submit(Request.Kind.EXTENTS, 5, Long.MAX_VALUE);
        });
        assertEquals(5, client.failures.size());
        assertTrue(client.failures.stream().allMatch(status -> status == Status.INVALID));
    }

    @Test
    void changesAreOldAfterFiveSeconds() {
        Client client = client();
        bed.run(() -> client.write(0, bytes(10, 1), false));
        bed.world.runFor(4_900_000_000L);
        assertEquals(0, bed.committer.checkpoints());
        bed.world.runFor(300_000_000L);
        assertEquals(1, bed.committer.checkpoints());
        assertEquals(List.of("age"), bed.committer.reasons);
        bed.world.runFor(60_000_000_000L);
        assertEquals(1, bed.committer.checkpoints(), "an idle lane asks for nothing");
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

    @Test
    void writesAndReadsAtHandAllocateNothing() {
        LaneBed quiet = new LaneBed(7, 2000, 64 << 20);
        Shard shard = quiet.serve(SIZE);
        ByteBuffer data = ByteBuffer.allocateDirect(8192);
        ByteBuffer space = ByteBuffer.allocateDirect(8192);
        Request[] requests = new Request[2];
        Request.Completion completion = new Request.Completion() {
            @Override
            public ByteBuffer readSpace(Request request) {
                return space;
            }

            @Override
            public void extent(Request request, long lengthBytes, boolean allocated) {}

            @Override
            public void completed(Request request, Status status) {
                assertEquals(Status.OK, status);
            }
        };
        requests[0] = new Request(completion);
        requests[1] = new Request(completion);
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        quiet.run(() -> {
            mixed(shard, requests, data, 2000);
            long before = threads.getCurrentThreadAllocatedBytes();
            mixed(shard, requests, data, 2000);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < 4096, "bytes for 4,000 requests: " + allocated);
        });
    }

    private static void mixed(Shard shard, Request[] requests, ByteBuffer data, int count) {
        for (int i = 0; i < count; i++) {
            assertTrue(shard.hasRoom(4096 + 700));
            requests[0].kind = Request.Kind.WRITE;
            requests[0].offset = i % 256 * 8192L;
            requests[0].lengthBytes = 4096 + 700;
            shard.submitWrite(requests[0], data.clear());
            requests[1].kind = Request.Kind.READ;
            requests[1].offset = i % 200 * 8192L + 1000;
            requests[1].lengthBytes = 6000;
            shard.submit(requests[1]);
        }
    }
}
