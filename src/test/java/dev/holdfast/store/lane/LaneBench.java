package dev.holdfast.store.lane;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.sim.random.SimRandom;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;

/**
 * What a request at hand costs in a lane, without front end, disks and other loops; run by hand:
 * {@code java -cp target/quick/classes:target/quick/test-classes dev.holdfast.store.lane.LaneBench}. Not a test.
 */
final class LaneBench implements Request.Completion {
    private static final int SIZE = 256 << 20;
    private static final int COUNT = 200_000;

    private final LaneBed bed = new LaneBed(1, SIZE / 4096 + 30_000, 192 << 20);
    private final SimRandom random = new SimRandom(2);
    private final ByteBuffer space = ByteBuffer.allocateDirect(1 << 20);
    private final ByteBuffer data = ByteBuffer.allocateDirect(1 << 20);
    private final Request request = new Request(this);
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private Shard shard;

    public static void main(String[] args) {
        new LaneBench().run();
    }

    private void run() {
        shard = bed.serve(SIZE);
        fill();
        for (int round = 0; round < 4; round++) {
            time("4 KiB random reads from the cache", 4096, COUNT, this::read);
            time("4 KiB random writes", 4096, 15_000, this::write);
            time("4 KiB random reads, some dirty", 4096, COUNT, this::read);
            bed.checkpoint();
            time("4 KiB random reads after it (nodes come back)", 4096, COUNT, this::read);
            time("128 KiB reads", 128 << 10, 8000, this::read);
            time("128 KiB writes", 128 << 10, 400, this::write);
            time("600 byte writes", 600, 400, this::write);
            bed.checkpoint();
        }
    }

    private void fill() {
        for (int at = 0; at < SIZE; at += 1 << 20) {
            long offset = at;
            bed.world.runUntil(() -> bed.world.call(bed.loop, () -> shard.hasRoom(1 << 20)));
            bed.run(() -> write(offset, 1 << 20));
        }
        bed.checkpoint();
    }

    private interface Call {
        void call(long offset, int lengthBytes);
    }

    private void time(String what, int lengthBytes, int count, Call call) {
        long[] took = new long[1];
        bed.run(() -> {
            long before = threads.getCurrentThreadCpuTime();
            for (int i = 0; i < count; i++) {
                call.call(random.below((long) SIZE / lengthBytes) * lengthBytes, lengthBytes);
            }
            took[0] = threads.getCurrentThreadCpuTime() - before;
        });
        bed.world.runFor(1_000_000_000);
        System.out.printf("%-50s %8.0f ns of CPU each%n", what, (double) took[0] / count);
    }

    private void read(long offset, int lengthBytes) {
        Request used = new Request(this);
        used.kind = Request.Kind.READ;
        used.offset = offset;
        used.lengthBytes = lengthBytes;
        shard.submit(used);
    }

    private void write(long offset, int lengthBytes) {
        if (!shard.hasRoom(lengthBytes)) {
            throw new IllegalStateException("no room");
        }
        request.kind = Request.Kind.WRITE;
        request.offset = offset;
        request.lengthBytes = lengthBytes;
        shard.submitWrite(request, data.clear());
    }

    @Override
    public ByteBuffer readSpace(Request served) {
        return space.clear();
    }

    @Override
    public void extent(Request served, long lengthBytes, boolean allocated) {}

    @Override
    public void completed(Request served, Status status) {
        if (status != Status.OK) {
            throw new IllegalStateException(status.name());
        }
    }
}
