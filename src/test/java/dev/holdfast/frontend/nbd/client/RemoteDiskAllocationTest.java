package dev.holdfast.frontend.nbd.client;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimWorld;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** A request that goes over the wire, and its answer, make no garbage; counted by the JVM. */
final class RemoteDiskAllocationTest implements Request.Completion {
    private static final int ROUNDS = 20_000;
    private static final int BLOCK = 4096;

    private final ByteBuffer space = ByteBuffer.allocateDirect(BLOCK);
    private int answered;

    @Test
    void aRequestAllocatesNothing() {
        SimWorld world = new SimWorld(1);
        SimLoop loop = world.newLoop("client");
        long bytes = world.call(loop, () -> measure(loop));
        assertEquals(4 * ROUNDS, answered);
        assertTrue(bytes / ROUNDS == 0, bytes + " bytes in " + ROUNDS + " rounds");
    }

    private long measure(Loop loop) {
        Sink sink = new Sink();
        RemoteDisk disk = new RemoteDisk(loop, sink, new RemoteDisk.Export(1 << 20, false, 1));
        Request write = new Request(this);
        write.kind = Request.Kind.WRITE;
        write.lengthBytes = BLOCK;
        Request read = new Request(this);
        read.kind = Request.Kind.READ;
        read.lengthBytes = BLOCK;
        ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
        ByteBuffer replies = ByteBuffer.allocateDirect(2 * BLOCK);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = 0;
        for (int round = 0; round < 2 * ROUNDS; round++) {
            if (round == ROUNDS) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            sink.out.clear();
            disk.submitWrite(write, data.position(0));
            long first = sink.out.getLong(8);
            int at = sink.out.position();
            disk.submit(read);
            long second = sink.out.getLong(at + 8);
            replies.clear();
            replies.putInt(NBD_SIMPLE_REPLY_MAGIC).putInt(NBD_OK).putLong(first);
            replies.putInt(NBD_STRUCTURED_REPLY_MAGIC)
                    .putShort((short) NBD_REPLY_FLAG_DONE)
                    .putShort((short) NBD_REPLY_TYPE_OFFSET_DATA);
            replies.putLong(second).putInt(8 + BLOCK).putLong(0);
            replies.position(replies.position() + BLOCK);
            disk.received(replies.flip());
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    @Override
    public ByteBuffer readSpace(Request request) {
        return space.clear();
    }

    @Override
    public void extent(Request request, long lengthBytes, boolean allocated) {
        throw new AssertionError("nobody asked");
    }

    @Override
    public void completed(Request request, Status status) {
        assertEquals(Status.OK, status);
        answered++;
    }

    /** Takes what is sent into one buffer. */
    private static final class Sink implements Connection {
        final ByteBuffer out = ByteBuffer.allocateDirect(1 << 16);

        @Override
        public ByteBuffer reserve(int lengthBytes) {
            return out;
        }

        @Override
        public long queuedBytes() {
            return 0;
        }

        @Override
        public void pause() {
            throw new AssertionError("it is read all the time");
        }

        @Override
        public void resume() {
            throw new AssertionError("it is read all the time");
        }

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
            throw new AssertionError("nothing is malformed");
        }

        @Override
        public String peer() {
            return "sink";
        }
    }
}
