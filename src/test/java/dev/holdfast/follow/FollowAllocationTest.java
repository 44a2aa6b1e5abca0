package dev.holdfast.follow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.holdfast.base.Id128;
import dev.holdfast.block.LedVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Timer;
import dev.holdfast.sim.world.SimWorld;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A request to a followed volume whose copy is here makes no garbage; counted by the JVM, so nothing is timing. */
final class FollowAllocationTest implements Request.Completion {
    private static final int ROUNDS = 20_000;
    private static final int BLOCK = 4096;

    private final Here loop = new Here();
    private final ByteBuffer space = ByteBuffer.allocateDirect(BLOCK);
    private int answered;

    @Test
    void aRequestAllocatesNothing() {
        Clock clock = new SimWorld(1).clock();
        Followed what = new Followed("demo", 1 << 20, new Id128(1, 1), FollowTerms.DEFAULTS);
        Sessions here = new Sessions(new Nothing(loop));
        Optional<Sessions> place = Optional.of(here);
        Places places = new Places(() -> place, new SimWorld(1).network(), List::of);
        FollowedVolume volume = new FollowedVolume(what, places, loop, clock);
        ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
        Request[] requests = new Request[4];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = new Request(this);
            requests[i].kind = Request.Kind.values()[i];
            requests[i].lengthBytes = requests[i].kind == Request.Kind.FLUSH ? 0 : BLOCK;
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = 0;
        for (int round = 0; round < 2 * ROUNDS; round++) {
            if (round == ROUNDS) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            for (Request request : requests) {
                if (request.kind == Request.Kind.WRITE) {
                    volume.submitWrite(request, data.position(0));
                } else {
                    volume.submit(request);
                }
            }
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals(2 * ROUNDS * requests.length, answered);
        assertTrue(bytes / ROUNDS == 0, bytes + " bytes in " + ROUNDS + " rounds");
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

    /** Leads for ever and does at once whatever is asked. */
    private record Nothing(Loop loop) implements LedVolume {
        @Override
        public long reign() {
            return 1;
        }

        @Override
        public long lostBefore() {
            return 0;
        }

        @Override
        public long sizeBytes() {
            return 1 << 20;
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
            throw new AssertionError("there is room");
        }

        @Override
        public void submit(Request request) {
            if (request.kind == Request.Kind.READ) {
                request.completion().readSpace(request);
            }
            request.completion().completed(request, Status.OK);
        }

        @Override
        public void submitWrite(Request request, ByteBuffer data) {
            data.position(data.position() + (int) request.lengthBytes);
            request.completion().completed(request, Status.OK);
        }
    }

    /** The test is the only turn there is. */
    private static final class Here implements Loop {
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
            throw new AssertionError("nothing is put off");
        }

        @Override
        public void atEndOfTurn(Runnable task) {
            throw new AssertionError("nothing is put off");
        }

        @Override
        public Timer after(long delayNanos, Runnable task) {
            return () -> {};
        }
    }
}
