package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** The path from received bytes to queued replies makes no garbage; counted by the JVM, so nothing of it is timing. */
final class AllocationTest {
    private static final int BATCHES = 2000;
    private static final int BATCH_REQUESTS = 32;

    private final FakeLoops loops = new FakeLoops();
    private final FakeLoops.FakeLoop loop = loops.loop("volume");

    @Test
    void aRequestAllocatesNothing() {
        long[] allocated = new long[1];
        loop.post(() -> allocated[0] = measure());
        loops.run();
        long perRequest = allocated[0] / BATCHES / BATCH_REQUESTS;
        assertTrue(perRequest == 0, () -> allocated[0] + " bytes for " + BATCHES * BATCH_REQUESTS + " requests");
    }

    private long measure() {
        RamVolume volume = new RamVolume(loop, 1 << 26);
        volume.fill();
        Session session = new Session(volume, true, true);
        Sink sink = new Sink();
        Transmission transmission = new Transmission(sink, session, NbdLimits.DEFAULTS, new ReplySpace(loop, 1 << 26));
        transmission.arrived();
        ByteBuffer batch = batch();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = 0;
        for (int i = 0; i < 2 * BATCHES; i++) {
            if (i == BATCHES) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            transmission.received(batch.position(0));
            sink.sent();
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    /** Every command of a connection in its stride. */
    private static ByteBuffer batch() {
        ByteBuffer out = ByteBuffer.allocateDirect(BATCH_REQUESTS * (REQUEST_BYTES + 4096));
        int[] commands = {
            NBD_CMD_READ, NBD_CMD_WRITE, NBD_CMD_FLUSH, NBD_CMD_TRIM, NBD_CMD_WRITE_ZEROES, NBD_CMD_BLOCK_STATUS,
        };
        for (int i = 0; i < BATCH_REQUESTS; i++) {
            int command = commands[i % commands.length];
            int lengthBytes = command == NBD_CMD_FLUSH ? 0 : 4096;
            out.putInt(NBD_REQUEST_MAGIC)
                    .putShort((short) 0)
                    .putShort((short) command)
                    .putLong(i);
            out.putLong(command == NBD_CMD_FLUSH ? 0 : i * 4096L).putInt(lengthBytes);
            out.position(out.position() + (command == NBD_CMD_WRITE ? lengthBytes : 0));
        }
        return out.flip();
    }

    /** Takes replies into one buffer and forgets them. */
    private static final class Sink implements Connection {
        private final ByteBuffer out = ByteBuffer.allocateDirect(1 << 20);

        void sent() {
            out.clear();
        }

        @Override
        public ByteBuffer reserve(int lengthBytes) {
            return out;
        }

        @Override
        public long queuedBytes() {
            return out.position();
        }

        @Override
        public void pause() {
            throw new AssertionError("nothing fills up");
        }

        @Override
        public void resume() {}

        @Override
        public void moveTo(Loop target, Runnable arrived) {
            throw new AssertionError("it stays");
        }

        @Override
        public void closeAfterSending() {
            throw new AssertionError("it stays");
        }

        @Override
        public void close() {
            throw new AssertionError("it stays");
        }

        @Override
        public String peer() {
            return "sink";
        }
    }
}
