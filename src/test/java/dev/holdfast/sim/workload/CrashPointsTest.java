package dev.holdfast.sim.workload;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.world.SimFailure;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The enumeration finds what a server without a log does wrong, and reports nothing where nothing can go wrong. */
final class CrashPointsTest {
    private static final long SIZE = 1 << 20;
    private static final CrashPoints.Bounds BOUNDS = new CrashPoints.Bounds(3, 2, 0, 0);
    private static final Mix WHOLE_BLOCKS = new Mix(0, 50, 0, 0, 5, 0, new Mix.Shape(1, 8, 1, 1, 1_000_000));

    /** Whole blocks straight to a disk: each request alone is safe, a torn block is not. */
    private record RawServer(boolean durable) implements Server {
        @Override
        public void start(SimProcess process, Consumer<BlockVolume> ready) {
            SimLoop loop = process.newLoop("raw");
            try {
                boolean exists = process.disks().exists("/raw");
                Disk disk =
                        exists ? process.disks().open("/raw") : process.disks().create("/raw", SIZE);
                loop.post(() -> ready.accept(new RawVolume(loop, disk, durable)));
            } catch (WorldException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void servedTo(BlockWorkload client) {}

        @Override
        public Server fork() {
            return this;
        }

        @Override
        public void crashed(boolean powerCut) {}

        @Override
        public void verify(Loop loop, Runnable sound) {
            loop.post(sound);
        }

        @Override
        public void inspect(SimProcess process, Runnable sound) {
            sound.run();
        }

        @Override
        public void stop(Loop loop, Runnable stopped) {
            loop.post(stopped);
        }
    }

    private record RawVolume(Loop loop, Disk disk, boolean durable) implements BlockVolume {
        @Override
        public long sizeBytes() {
            return SIZE;
        }

        @Override
        public boolean isReadOnly() {
            return false;
        }

        @Override
        public boolean hasRoom(int lengthBytes) {
            return true;
        }

        @Override
        public void whenRoom(Runnable task) {
            loop.post(task);
        }

        @Override
        public void submit(Request request) {
            if (request.kind == Request.Kind.FLUSH) {
                disk.flush(loop, (token, outcome) -> end(request, outcome), 0);
                return;
            }
            ByteBuffer into = aligned((int) request.lengthBytes);
            disk.read(
                    request.offset,
                    into,
                    loop,
                    (token, outcome) -> {
                        request.completion().readSpace(request).put(into);
                        end(request, outcome);
                    },
                    0);
        }

        @Override
        public void submitWrite(Request request, ByteBuffer data) {
            if (request.lengthBytes % Disk.BLOCK_BYTES != 0) {
                data.position(data.limit());
                request.completion().completed(request, Status.INVALID);
                return;
            }
            ByteBuffer from = aligned((int) request.lengthBytes).put(data).flip();
            if (durable || request.forceUnitAccess) {
                ByteBuffer[] parts = {from};
                disk.writeDurable(request.offset, parts, 1, loop, (token, outcome) -> end(request, outcome), 0);
            } else {
                disk.write(request.offset, from, loop, (token, outcome) -> end(request, outcome), 0);
            }
        }

        private static void end(Request request, DiskOutcome outcome) {
            request.completion().completed(request, outcome == DiskOutcome.OK ? Status.OK : Status.IO_ERROR);
        }

        private static ByteBuffer aligned(int lengthBytes) {
            return ByteBuffer.allocateDirect(lengthBytes + Disk.BLOCK_BYTES)
                    .alignedSlice(Disk.BLOCK_BYTES)
                    .limit(lengthBytes);
        }
    }

    private static CrashPoints points(long seed, boolean durable) {
        SimWorld world = new SimWorld(seed);
        BlockWorkload workload =
                new BlockWorkload(WHOLE_BLOCKS, SIZE, world.random().split());
        workload.allowErrors(true);
        return new CrashPoints(world, new RawServer(durable), workload, BOUNDS);
    }

    @Test
    void aServerThatTearsBlocksIsCaught() {
        int caught = 0;
        for (long seed = 0; seed < 5; seed++) {
            CrashPoints points = points(seed, true);
            try {
                points.run(200);
            } catch (SimFailure failure) {
                caught += failure.getMessage().contains("then") ? 1 : 0;
            }
        }
        assertTrue(caught >= 3, "caught in " + caught + " of 5 seeds");
    }

    @Test
    void aServerThatLosesWritesOutOfOrderIsCaught() {
        assertThrows(SimFailure.class, () -> {
            for (long seed = 0; seed < 5; seed++) {
                points(seed, false).run(300);
            }
        });
    }
}
