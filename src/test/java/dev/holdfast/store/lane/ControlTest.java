package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.store.tree.ObjectRoot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shards that come and go, change size, and are kept as snapshots. */
final class ControlTest {
    private static final int SIZE = 2 << 20;

    private final LaneBed bed = new LaneBed(9, 2000, 8 << 20);
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

    private void awaitDone(int count) {
        bed.world.runUntil(() -> done.size() == count);
        assertTrue(done.stream().allMatch(status -> status == Status.OK), done.toString());
    }

    @Test
    void aSnapshotIsWhatTheDiskWasWhateverIsWrittenAfterIt() {
        Client client = client();
        byte[][] models = new byte[5][];
        bed.run(() -> {
            for (int i = 1; i <= 4; i++) {
                client.write(i * 1000L, bytes(200_000, i), false);
                client.zero(Request.Kind.TRIM, 70_000 + i * 5000, 9000);
                models[i] = client.model.clone();
                bed.lane.createSnapshot(LaneBed.SHARD, i, i == 2, "s" + i, done::add);
            }
            client.write(0, bytes(SIZE / 2, 99), false);
            assertEquals(0, done.size(), "a snapshot waits for its root");
        });
        awaitDone(4);
        assertTrue(bed.committer.checkpoints() >= 4, "a consistency point takes one marker of a shard");
        for (long id = 1; id <= 4; id++) {
            ObjectRoot tree = bed.committer.snapshots.get(id);
            long snapshotSize = bed.committer.snapshotSizes.get(id);
            BlockVolume view = bed.world.call(bed.loop, () -> bed.lane.openSnapshot(LaneBed.SHARD, tree, snapshotSize));
            Client reader = new Client(view, SIZE);
            System.arraycopy(models[(int) id], 0, reader.model, 0, SIZE);
            bed.run(() -> {
                reader.read(0, 1 << 20);
                reader.read(1 << 20, 1 << 20);
            });
            finish(reader);
            assertEquals(SIZE, reader.compared);
        }
        bed.run(() -> client.read(0, 1 << 20));
        finish(client);
    }

    @Test
    void aSnapshotTakesNoChanges() {
        client();
        bed.run(() -> {
            BlockVolume view = bed.lane.openSnapshot(LaneBed.SHARD, ObjectRoot.EMPTY, SIZE);
            Client reader = new Client(view, SIZE);
            reader.failuresAllowed = true;
            assertTrue(view.isReadOnly() && view.hasRoom(1 << 20));
            reader.write(0, bytes(10, 1), false);
            reader.zero(Request.Kind.ZERO, 0, 10);
            reader.submit(Request.Kind.FLUSH, 0, 0);
            reader.submit(Request.Kind.READ, SIZE, 1);
            assertEquals(List.of(Status.READ_ONLY, Status.READ_ONLY, Status.INVALID), reader.failures);
        });
    }

    @Test
    void aNewShardIsDurableWhenItIsSaidToExist() {
        client();
        bed.committer.holdCommits = true;
        ShardMeta meta = new ShardMeta(8, 5, 6, "né", 1 << 20);
        bed.run(() -> {
            bed.lane.createShard(meta, done::add);
            bed.lane.createShard(meta, done::add);
            assertTrue(bed.lane.shard(8).isPresent());
            assertEquals(1, bed.lane.shard(8).get().epoch());
        });
        bed.world.runFor(10_000_000);
        assertEquals(0, done.size());
        bed.checkpoint();
        awaitDone(2);
        assertEquals(meta, bed.committer.metas.get(8));
    }

    @Test
    void aDeletedShardIsGoneAndItsIdIsNotUsedAgain() {
        Client client = client();
        client.failuresAllowed = true;
        bed.run(() -> {
            client.write(0, bytes(8192, 4), false);
            bed.lane.deleteShard(LaneBed.SHARD, done::add);
            bed.lane.deleteShard(LaneBed.SHARD, done::add);
            bed.lane.deleteShard(77, done::add);
            assertFalse(bed.lane.shard(LaneBed.SHARD).isPresent());
            client.read(0, 4096);
            client.submit(Request.Kind.FLUSH, 0, 0);
            assertTrue(client.volume.hasRoom(10));
            client.write(0, bytes(10, 1), false);
            assertEquals(List.of(Status.IO_ERROR, Status.IO_ERROR, Status.IO_ERROR), client.failures);
        });
        awaitDone(3);
        bed.run(() -> bed.lane.createShard(new ShardMeta(LaneBed.SHARD, 1, 1, "again", 4096), status -> {
            assertEquals(Status.INVALID, status);
        }));
        bed.checkpoint();
        bed.run(() -> assertFalse(bed.lane.hasChanges()));
    }

    @Test
    void whatWasCutOffIsZeroWhenTheDiskGrowsAgain() {
        Client client = client();
        bed.run(() -> client.write(0, bytes(1 << 20, 7), false));
        bed.checkpoint();
        bed.run(() -> {
            bed.lane.resizeShard(LaneBed.SHARD, 100_001, done::add);
            assertEquals(100_001, client.volume.sizeBytes());
            client.cut(100_001);
            bed.lane.resizeShard(LaneBed.SHARD, 900_000, done::add);
            client.read(0, 900_000);
        });
        finish(client);
        awaitDone(2);
        bed.checkpoint();
        bed.run(() -> client.read(0, 900_000));
        finish(client);
        assertEquals(1_800_000, client.compared);
        assertEquals(900_000, bed.committer.metas.get(LaneBed.SHARD).sizeBytes());
    }

    @Test
    void changesOfUnknownShardsAreInvalid() {
        client();
        bed.run(() -> {
            bed.lane.resizeShard(55, 10, done::add);
            bed.lane.createSnapshot(55, 1, false, "x", done::add);
            bed.lane.deleteSnapshot(55, 1, done::add);
        });
        assertEquals(List.of(Status.INVALID, Status.INVALID, Status.INVALID), done);
    }

    @Test
    void aHugeEmptyDiskCostsNothing() {
        Client client = client();
        bed.run(() -> bed.lane.resizeShard(LaneBed.SHARD, 16L << 40, done::add));
        Request[] requests = new Request[1];
        bed.run(() -> {
            client.write(0, bytes(4096, 1), false);
            client.zero(Request.Kind.TRIM, 0, SIZE);
            requests[0] = client.submit(Request.Kind.TRIM, 0, 16L << 40);
            client.write(4096, bytes(4096, 1), false);
            client.submit(Request.Kind.EXTENTS, 100, (16L << 40) - 100);
        });
        finish(client);
        assertEquals(List.of(4096 - 100L, 4096L, (16L << 40) - 8192), client.extentLengths);
        assertEquals(List.of(false, true, false), client.extentKinds);
        bed.checkpoint();
        bed.run(() -> client.submit(Request.Kind.EXTENTS, 0, 16L << 40));
        finish(client);
        assertEquals(List.of(4096L, 4096L, (16L << 40) - 8192), client.extentLengths);
    }
}
