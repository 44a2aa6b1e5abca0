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
    void whoFlushesAfterEveryWriteFindsTheNextOneLogged() {
        Client client = client();
        bed.run(() -> client.write(0, bytes(4096, 1), false));
        bed.run(() -> client.submit(Request.Kind.FLUSH, 0, 0));
        finish(client);
        bed.run(() -> client.write(4096, bytes(4096, 2), false));
        bed.world.runUntil(() -> bed.committer.loggedByCommits == 2);
        bed.run(() -> {
            client.submit(Request.Kind.FLUSH, 0, 0);
            assertTrue(client.outstanding.isEmpty(), "nothing is left to wait for");
        });
        for (int more = 1; more <= 20; more++) {
            int block = more;
            bed.run(() -> client.write(block * 4096L, bytes(4096, 3), false));
            bed.world.runFor(50_000_000);
        }
        assertEquals(10, bed.committer.loggedByCommits, "after eight nobody is expected to flush");
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
            opened.replica().orElseThrow().beginEpoch(2);
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
            assertEquals(2, client.outstanding.size(), "one is acknowledged, the next waits for every log");
            client.read(0, 4096);
            shard.opened(3);
            shard.replica().orElseThrow().flushed(2);
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
