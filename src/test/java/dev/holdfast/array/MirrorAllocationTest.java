package dev.holdfast.array;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.holdfast.base.Id128;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.device.Device;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Label;
import dev.holdfast.device.Protection;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Timer;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The paths that every request may take make no garbage. */
final class MirrorAllocationTest {
    private static final int WARM_UP = 20_000;
    private static final int ROUNDS = 20_000;

    /** A disk of zeroes that ends everything when it is told to. */
    private static final class PatientDisk implements Disk {
        private final DiskDone[] waiting = new DiskDone[8];
        private final long[] tokens = new long[8];
        private int count;

        private void end() {
            while (count > 0) {
                count--;
                waiting[count].done(tokens[count], DiskOutcome.OK);
            }
        }

        private void add(DiskDone done, long token) {
            waiting[count] = done;
            tokens[count] = token;
            count++;
        }

        @Override
        public String path() {
            return "/patient";
        }

        @Override
        public long lengthBytes() {
            return 1L << 30;
        }

        @Override
        public void read(long offset, ByteBuffer into, Loop loop, DiskDone done, long token) {
            add(done, token);
        }

        @Override
        public void write(long offset, ByteBuffer from, Loop loop, DiskDone done, long token) {
            add(done, token);
        }

        @Override
        public void writeDurable(long offset, ByteBuffer[] parts, int partCount, Loop loop, DiskDone done, long token) {
            add(done, token);
        }

        @Override
        public void flush(Loop loop, DiskDone done, long token) {
            add(done, token);
        }

        @Override
        public void discard(long offset, long lengthBytes, Loop loop, DiskDone done, long token) {
            add(done, token);
        }

        @Override
        public void close() {}
    }

    /** The loop everything runs on: this thread. */
    private static final class HereLoop implements Loop {
        @Override
        public String name() {
            return "here";
        }

        @Override
        public boolean isCurrent() {
            return true;
        }

        @Override
        public void post(Runnable task) {
            throw new AssertionError("nothing is posted");
        }

        @Override
        public void atEndOfTurn(Runnable task) {
            throw new AssertionError("nothing is put off");
        }

        @Override
        public Timer after(long delayNanos, Runnable task) {
            throw new AssertionError("nothing is timed");
        }
    }

    private final List<PatientDisk> disks = List.of(new PatientDisk(), new PatientDisk());
    private final HereLoop loop = new HereLoop();
    private final Mirror mirror = mirror();
    private long ended;

    private Mirror mirror() {
        Geometry geometry = Geometry.fit(1L << 30, 1 << 20).orElseThrow();
        List<Member> members = new ArrayList<>();
        for (int slot = 0; slot < disks.size(); slot++) {
            Label.Ids ids = new Label.Ids(new Id128(1, 1), new Id128(2, 2), new Id128(3, slot));
            Label label = new Label(ids, new Label.Place(slot, 2, Protection.mirror(2)), geometry, 0);
            members.add(Member.with(slot, new Device(disks.get(slot), label), ""));
        }
        return new Mirror(loop, geometry, new MemberSet(members, 0b11));
    }

    private void endAll() {
        disks.get(0).end();
        disks.get(1).end();
    }

    private void assertNoGarbage(Runnable round) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < WARM_UP; i++) {
            round.run();
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ROUNDS; i++) {
            round.run();
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(bytes < ROUNDS, bytes + " bytes in " + ROUNDS + " rounds");
        assertTrue(ended >= WARM_UP + ROUNDS, "every round ended");
    }

    @Test
    void readsMakeNoGarbage() {
        BlockRead read = new BlockRead(BlockBuffer.allocate(4 * Disk.BLOCK_BYTES), loop, done -> ended++);
        read.blocks = 4;
        for (int i = 0; i < 4; i++) {
            read.checksums[i] = 0x98F94189;
        }
        assertNoGarbage(() -> {
            read.address = 1 + ended * 7 % 100_000;
            mirror.read(read);
            endAll();
        });
        assertEquals(0, read.bad, "zeroes have this checksum");
    }

    @Test
    void writesFlushesAndLogWritesMakeNoGarbage() {
        ByteBuffer blocks = BlockBuffer.allocate(16 * Disk.BLOCK_BYTES);
        ByteBuffer[] parts = {blocks, blocks};
        ArrayDone done = (token, outcome) -> ended++;
        assertNoGarbage(() -> {
            mirror.write(1, blocks, loop, done, 1);
            mirror.writeLog(0, parts, 2, loop, done, 2);
            mirror.flush(loop, done, 3);
            endAll();
        });
    }
}
