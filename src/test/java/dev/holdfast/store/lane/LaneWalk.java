package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.store.tree.ObjectRoot;

/** A random walk of a {@link Client} over one disk, while group commits and consistency points come as they like. */
final class LaneWalk {
    private static final int MODEL_BYTES = 6 << 20;

    private final long seed;
    private final SimRandom random;
    private LaneBed bed;
    private Shard shard;
    private Client client;
    private long size;

    LaneWalk(long seed) {
        this.seed = seed;
        this.random = new SimRandom(seed * 31);
    }

    /** Walks {@code steps} steps and compares everything at the end. */
    void walk(int cacheFrames, int memoryBytes, int longest, int steps) {
        bed = new LaneBed(seed, cacheFrames, memoryBytes);
        bed.committer.slowestCheckpointNanos = seed % 3 == 0 ? 60_000_000 : 3_000_000;
        size = MODEL_BYTES - 2560;
        shard = bed.serve(size);
        client = new Client(shard, MODEL_BYTES);
        for (int step = 0; step < steps; step++) {
            bed.run(() -> act(longest));
            if (random.oneIn(3)) {
                bed.world.runFor(random.below(300_000L));
            }
            if (client.outstanding.size() > 60) {
                bed.world.runUntil(() -> client.outstanding.size() < 10);
            }
        }
        settle();
        compareAll(client);
        anotherLaneFindsTheSame(cacheFrames);
    }

    /** Bytes that were read and compared. */
    long compared() {
        return client.compared;
    }

    /** Consistency points there were. */
    long checkpoints() {
        return bed.committer.checkpoints();
    }

    private void act(int longest) {
        int what = random.below(100);
        long offset = random.oneIn(3) ? random.below(size / 16) : random.below(size);
        long length = random.oneIn(4) ? 4096L * (1 + random.below(4)) : 1 + random.below((long) longest);
        if (random.oneIn(3)) {
            offset &= -4096;
        }
        length = Math.min(length, size - offset);
        if (what < 40) {
            client.read(offset, (int) length);
        } else if (what < 75) {
            write(offset, (int) length);
        } else if (what < 85) {
            Request.Kind kind = random.oneIn(2) ? Request.Kind.TRIM : Request.Kind.ZERO;
            client.zero(kind, offset, random.oneIn(4) ? Math.min(size - offset, 1 << 20) : length);
        } else if (what < 90) {
            client.submit(Request.Kind.FLUSH, 0, 0);
        } else if (what < 93) {
            client.submit(Request.Kind.CACHE, offset, Math.min(size - offset, 3 << 20));
        } else if (what < 96) {
            bed.committer.checkpointWanted("test");
        } else if (what < 97) {
            resize();
        } else {
            extents(offset, size - offset);
        }
    }

    private void write(long offset, int length) {
        if (!shard.hasRoom(length)) {
            return;
        }
        byte[] bytes = new byte[length];
        long state = random.nextLong() | 1;
        for (int i = 0; i < length; i++) {
            state = state * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL;
            bytes[i] = (byte) (state >>> 56 | 1);
        }
        client.write(offset, bytes, random.oneIn(8));
    }

    private void resize() {
        long wanted = MODEL_BYTES - random.below(8) * 100_000L - random.below(5000);
        if (client.outstanding.isEmpty()) {
            bed.lane.resizeShard(LaneBed.SHARD, wanted, status -> assertEquals(Status.OK, status));
            size = wanted;
            client.cut(wanted);
            assertEquals(wanted, shard.sizeBytes());
        }
    }

    /** Extents are exact when no request is under way: holes are zero, and all together are the range. */
    private void extents(long offset, long length) {
        if (!client.outstanding.isEmpty() || length == 0) {
            return;
        }
        Request request = client.submit(Request.Kind.EXTENTS, offset, length);
        if (client.outstanding.contains(request)) {
            return;
        }
        checkExtents(offset, length);
    }

    private void checkExtents(long offset, long length) {
        long at = offset;
        for (int i = 0; i < client.extentLengths.size(); i++) {
            long end = at + client.extentLengths.get(i);
            boolean allocated = client.extentKinds.get(i);
            assertTrue(i == 0 || allocated == !client.extentKinds.get(i - 1), "extents alternate");
            for (long b = at; b < end && !allocated; b++) {
                if (client.model[(int) b] != 0) {
                    throw new AssertionError("a hole reads as zeroes, at " + b);
                }
            }
            at = end;
        }
        assertEquals(offset + length, at, "extents cover the range");
    }

    private void settle() {
        bed.world.runUntil(() -> client.outstanding.isEmpty());
        Request flush = bed.world.call(bed.loop, () -> client.submit(Request.Kind.FLUSH, 0, 0));
        bed.world.runUntil(() -> !client.outstanding.contains(flush));
    }

    private void compareAll(Client reader) {
        for (long offset = 0; offset < size; offset += 1 << 20) {
            long from = offset;
            bed.run(() -> reader.read(from, (int) Math.min(1 << 20, size - from)));
            bed.world.runUntil(() -> reader.outstanding.isEmpty());
        }
        bed.run(() -> reader.submit(Request.Kind.EXTENTS, 0, size));
        bed.world.runUntil(() -> reader.outstanding.isEmpty());
    }

    /** What the consistency points stored is all there is, for a lane that begins with an empty cache. */
    private void anotherLaneFindsTheSame(int cacheFrames) {
        bed.checkpoint();
        ObjectRoot tree = bed.committer.trees.get(LaneBed.SHARD);
        Lane other = new Lane(1, bed.loop, bed.array, bed.committer, new LaneBudget(cacheFrames, 8, 1));
        bed.run(() -> {
            Shard again = other.open(new ShardOpening(shard.meta(), 1, shard.heldSeq(), tree));
            Client reader = new Client(again, MODEL_BYTES);
            System.arraycopy(client.model, 0, reader.model, 0, MODEL_BYTES);
            client = reader;
        });
        compareAll(client);
        checkExtents(0, size);
        assertTrue(client.compared >= size - MODEL_BYTES / 8, "the whole disk was compared");
    }
}
