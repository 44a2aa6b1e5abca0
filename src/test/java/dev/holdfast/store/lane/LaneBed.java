package dev.holdfast.store.lane;

import dev.holdfast.io.Loop;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.log.LogIdentity;
import dev.holdfast.store.log.MemoryLog;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;

/** One lane in a simulated world, with a committer and an array in memory, ready for a test. */
final class LaneBed {
    static final int SHARD = 3;

    final SimWorld world;
    final Loop loop;
    final MemoryArray array;
    final FakeCommitter committer;
    final Lane lane;
    final MemoryLog log;
    final ByteBuffer region;

    LaneBed(long seed, int cacheFrames, int memoryBytes) {
        this(seed, new LaneBudget(cacheFrames, 512, LaneBudget.OLDEST_NANOS), memoryBytes);
    }

    LaneBed(long seed, LaneBudget budget, int memoryBytes) {
        world = new SimWorld(seed);
        loop = world.newLoop("shard-0");
        array = new MemoryArray(new SimRandom(seed));
        committer = new FakeCommitter(world, world.newLoop("pool"), loop, array);
        lane = new Lane(0, loop, array, committer, budget);
        committer.lane = lane;
        region = ByteBuffer.allocateDirect(memoryBytes + 4096).alignedSlice(4096);
        log = MemoryLog.label(region, new LogIdentity(1, 2, 3, 4, 5), 0, 1);
    }

    SimRandom random() {
        return world.random();
    }

    /** Opens an empty shard and begins to serve. */
    Shard serve(long sizeBytes) {
        return world.call(loop, () -> {
            Shard shard = lane.open(new ShardOpening(
                    new ShardMeta(SHARD, 1, 2, "disk", sizeBytes), 1, 0, ObjectRoot.empty((sizeBytes + 4095) / 4096)));
            lane.serve(log);
            lane.grant(committer.grant);
            return shard;
        });
    }

    void run(Runnable task) {
        world.run(loop, task);
    }

    /** Makes everything so far part of a root. */
    void checkpoint() {
        world.runUntil(() -> !committer.isRunning());
        long before = committer.checkpoints();
        committer.checkpointWanted("test");
        world.runUntil(() -> committer.checkpoints() > before && !committer.isRunning());
    }
}
