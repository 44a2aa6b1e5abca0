package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.lane.ShardMeta;
import dev.holdfast.store.log.EntryKind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Volume 1, alone, and volume 2, mirrored, in one pool; the protocol of the second is the test. */
final class TailBench {
    static final int SIZE = 16 << 20;
    final PoolBench pool;

    TailBench(PoolBench pool) {
        this.pool = pool;
    }

    static TailBench make(long seed) {
        return make(seed, 16 << 20);
    }

    static TailBench make(long seed, long logBytes) {
        return make(seed, logBytes, 192 << 20);
    }

    static TailBench make(long seed, long logBytes, long diskBytes) {
        PoolBench pool = new PoolBench(seed, 1, diskBytes, logBytes);
        TailBench bench = new TailBench(pool);
        bench.open();
        assertEquals(new Pool.Result.Done(), pool.create(1, SIZE));
        ShardMeta meta = new ShardMeta(2, 0, 2, "mirrored", SIZE, true);
        Pool.Result made = PoolBench.await(
                pool.world, pool.committer, answer -> pool.pool.createShard(meta, pool.committer, answer::accept));
        assertEquals(new Pool.Result.Done(), made);
        assertEquals(1, bench.ask(ReplicaShard::visibleSeq), "its creation is not for the protocol to open");
        return bench;
    }

    /** Submits a flush of the volume alone; nobody waits for it. */
    void beginFlush() {
        BlockVolume volume = pool.volume(1);
        pool.world.run(volume.loop(), () -> {
            Request request = new Request(new Unheard());
            request.kind = Request.Kind.FLUSH;
            volume.submit(request);
        });
    }

    private static final class Unheard implements Request.Completion {
        @Override
        public ByteBuffer readSpace(Request request) {
            return ByteBuffer.allocate(0);
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {}

        @Override
        public void completed(Request request, Status status) {}
    }

    void open() {
        assertTrue(pool.open(), pool.refused);
    }

    <T> T ask(Function<ReplicaShard, T> question) {
        ReplicaShard replica = pool.pool.replica(2).orElseThrow();
        return pool.world.call(replica.shard().loop(), () -> question.apply(replica));
    }

    /** Change {@code seq} writes {@code value} to a range of {@code length} bytes at its own place. */
    boolean hold(int epoch, long seq, long offset, int length, int value) {
        ByteBuffer payload = ByteBuffer.allocateDirect(length);
        while (payload.hasRemaining()) {
            payload.put((byte) value);
        }
        payload.flip();
        return ask(replica -> replica.hold(epoch, seq, EntryKind.WRITE, 0, offset, length, payload));
    }

    boolean hold(int epoch, long seq, int value) {
        return hold(epoch, seq, seq * 4096, 4096, value);
    }

    boolean rewind(long toSeq) {
        return ask(replica -> replica.rewind(toSeq));
    }

    void opened(long seq) {
        ask(replica -> {
            replica.opened(seq);
            return true;
        });
    }

    void stable(long seq) {
        ask(replica -> {
            replica.stable(seq);
            return true;
        });
    }

    /** Waits until changes up to {@code seq} are logged. */
    void log(long seq) {
        List<Status> done = new ArrayList<>();
        ask(replica -> {
            replica.log(seq, done::add);
            return true;
        });
        pool.world.runUntil(() -> !done.isEmpty());
        assertEquals(List.of(Status.OK), done);
    }

    /** Waits until a consistency point that begins now is complete. */
    void root() {
        List<Boolean> done = new ArrayList<>();
        pool.pool.changesSince(1, 99, 1, pool.committer, (found, ranges, all) -> done.add(found));
        pool.world.runUntil(() -> !done.isEmpty());
    }

    int at(long offset) {
        return pool.read(pool.volume(2), offset, 1).orElseThrow()[0];
    }
}
