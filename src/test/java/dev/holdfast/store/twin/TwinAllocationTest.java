package dev.holdfast.store.twin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.store.log.RingStart;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootIdentity;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.root.TwinRecord;
import dev.holdfast.store.tree.ObjectRoot;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Blocks that go to the twin while a consistency point writes them make no garbage, and are copied once. */
final class TwinAllocationTest {
    private static final int ROUNDS = 20_000;

    private final Wire wire = new Wire();
    private final Port port = new Port();
    private final SourceTwin source = new SourceTwin(root(), port, ring(TwinRecord.Rpo.POINTS));

    private static Root root() {
        TwinRecord.Known known = TwinRecord.Known.NOTHING;
        return new Root(
                new Id128(1, 2),
                new Root.Number(1, 1, 1, 0, 1, 0),
                new Root.LogPoint(0, 0, List.of(), false),
                new Root.Written(0, 1),
                new Root.Objects(ObjectRoot.EMPTY, ObjectRoot.EMPTY, ObjectRoot.EMPTY),
                new Root.Space(0, 1, 1000),
                new TwinRecord(
                        TwinRecord.State.MIRRORED, TwinRecord.Rpo.ZERO, 0, known, "", SnapshotRecord.DeadList.EMPTY));
    }

    @Test
    void sendingBlocksAllocatesNothing() {
        source.connected();
        source.found(RootIdentity.NONE, RootIdentity.NONE);
        source.begins(2);
        ByteBuffer blocks = ByteBuffer.allocateDirect(3 * TwinFrames.BLOCK_BYTES);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int batch = 0; batch < 5; batch++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < ROUNDS; i++) {
                source.wrote(1 + i % 900, blocks);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(5L * ROUNDS, wire.messages, "every run of blocks is a message");
        assertTrue(least < ROUNDS, least + " bytes in " + ROUNDS + " messages");
    }

    @Test
    void sendingTheLogAllocatesNothing() {
        TwinRing ring = ring(TwinRecord.Rpo.ZERO);
        ring.begin(0, new Nobody());
        ring.covered(root(), true);
        ring.opened(1);
        ByteBuffer part = ByteBuffer.allocateDirect(2 * TwinFrames.BLOCK_BYTES);
        ByteBuffer[] parts = {part, part};
        int bytes = 4 * TwinFrames.BLOCK_BYTES;
        RingStart[] places = new RingStart[5 * ROUNDS + 1];
        for (int i = 0; i < places.length; i++) {
            places[i] = new RingStart(1, 2, 1, (long) i * bytes, i);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int batch = 0; batch < 5; batch++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = batch * ROUNDS; i < (batch + 1) * ROUNDS; i++) {
                ring.wrote(places[i].position(), parts, 2, bytes);
                ring.durable(places[i + 1]);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(5L * ROUNDS, wire.messages, "every record is a message");
        assertTrue(least < ROUNDS, least + " bytes in " + ROUNDS + " messages");
    }

    private TwinRing ring(TwinRecord.Rpo rpo) {
        TwinRing.Reader nothing = (start, resume) -> {
            throw new AssertionError("nothing is read again");
        };
        return new TwinRing(nothing, rpo, port);
    }

    /** Hears nothing. */
    private static final class Nobody implements TwinRing.Listener {
        @Override
        public void safe(long position) {}

        @Override
        public void rooted(long cp) {}

        @Override
        public void both(boolean both) {}

        @Override
        public void goOn() {}
    }

    /** A connection that takes everything and keeps nothing. */
    private static final class Wire implements Connection {
        private final ByteBuffer all = ByteBuffer.allocateDirect(1 << 20);
        private long messages;

        @Override
        public ByteBuffer reserve(int lengthBytes) {
            messages++;
            return all.clear();
        }

        @Override
        public long queuedBytes() {
            return 0;
        }

        @Override
        public void pause() {}

        @Override
        public void resume() {}

        @Override
        public void moveTo(Loop loop, Runnable arrived) {}

        @Override
        public void closeAfterSending() {}

        @Override
        public void close() {}

        @Override
        public String peer() {
            return "twin";
        }
    }

    /** What {@link TwinLink} does with blocks, and nothing else. */
    private final class Port implements TwinPort, TwinRing.Out {
        private final Crc32c crc = new Crc32c();

        @Override
        public void blocks(long address, ByteBuffer blocks) {
            TwinFrames.blocks(wire, address, blocks, crc);
        }

        @Override
        public void log(long position, ByteBuffer[] parts, int count) {
            TwinFrames.log(wire, position, parts, count, crc);
        }

        @Override
        public long wallMillis() {
            return 0;
        }

        @Override
        public boolean hasRoom() {
            return wire.queuedBytes() == 0;
        }

        @Override
        public void hello(long reign) {}

        @Override
        public void withdraw(RootIdentity root) {}

        @Override
        public void begin(long cp) {}

        @Override
        public void flush(long cp) {}

        @Override
        public void root(Root root) {}

        @Override
        public void walk(Root target, long sinceCp) {}

        @Override
        public void stopWalk() {}

        @Override
        public void grant(long reign, RootIdentity last) {}

        @Override
        public void wanted() {}

        @Override
        public void superseded(long newer) {}

        @Override
        public void close(String why) {}

        @Override
        public void changed() {}

        @Override
        public void gotOn() {}
    }
}
