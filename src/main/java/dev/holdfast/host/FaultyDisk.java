package dev.holdfast.host;

import dev.holdfast.host.FaultPlan.Effect;
import dev.holdfast.host.FaultPlan.Kind;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;

/** A disk that fails where a {@link FaultPlan} says so, and is another disk otherwise. For tests only. */
final class FaultyDisk implements Disk {
    private final Disk disk;
    private final FaultPlan plan;
    private final long[] counts = new long[Kind.values().length];
    private long countOfAny;

    FaultyDisk(Disk disk, FaultPlan plan) {
        this.disk = disk;
        this.plan = plan;
    }

    /** An operation that may be done later. */
    @FunctionalInterface
    private interface Operation {
        void start(DiskDone done);
    }

    @Override
    public String path() {
        return disk.path();
    }

    @Override
    public long lengthBytes() {
        return disk.lengthBytes();
    }

    @Override
    public void read(long offset, ByteBuffer into, Loop loop, DiskDone done, long token) {
        int start = into.position();
        int end = into.limit();
        Effect effect = next(Kind.READ);
        DiskDone told = effect instanceof Effect.Corrupt
                ? (ofToken, outcome) -> {
                    corrupt(into, start, end);
                    done.done(ofToken, outcome);
                }
                : done;
        apply(effect, loop, told, token, ends -> disk.read(offset, into, loop, ends, token));
    }

    @Override
    public void write(long offset, ByteBuffer from, Loop loop, DiskDone done, long token) {
        apply(next(Kind.WRITE), loop, done, token, ends -> disk.write(offset, from, loop, ends, token));
    }

    @Override
    public void writeDurable(long offset, ByteBuffer[] parts, int count, Loop loop, DiskDone done, long token) {
        ByteBuffer[] kept = parts.clone();
        apply(next(Kind.DURABLE), loop, done, token, ends -> disk.writeDurable(offset, kept, count, loop, ends, token));
    }

    @Override
    public void flush(Loop loop, DiskDone done, long token) {
        apply(next(Kind.FLUSH), loop, done, token, ends -> disk.flush(loop, ends, token));
    }

    @Override
    public void discard(long offset, long lengthBytes, Loop loop, DiskDone done, long token) {
        apply(next(Kind.DISCARD), loop, done, token, ends -> disk.discard(offset, lengthBytes, loop, ends, token));
    }

    @Override
    public void close() {
        disk.close();
    }

    private synchronized Effect next(Kind kind) {
        return plan.effectOn(kind, ++counts[kind.ordinal()], ++countOfAny);
    }

    private static void apply(Effect effect, Loop loop, DiskDone done, long token, Operation operation) {
        switch (effect) {
            case Effect.None none -> operation.start(done);
            case Effect.Corrupt corrupt -> operation.start(done);
            case Effect.Fail(DiskOutcome outcome) -> loop.post(() -> done.done(token, outcome));
            case Effect.Slow(long nanos) -> loop.post(() -> loop.after(nanos, () -> operation.start(done)));
        }
    }

    private static void corrupt(ByteBuffer bytes, int start, int end) {
        for (int at = start; at < end; at += BLOCK_BYTES) {
            bytes.put(at, (byte) (bytes.get(at) ^ 1));
        }
    }
}
