package dev.holdfast.store.twin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.log.LogArray;
import dev.holdfast.store.log.RingCopy;
import dev.holdfast.store.log.RingStart;
import dev.holdfast.store.log.TestLoop;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.root.TwinRecord;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What of the source's log is kept for a twin that has older roots. */
final class TwinRingTest {
    private final TwinRing ring = new TwinRing(
            (start, resume) -> {
                throw Checks.unreachable("nobody is connected");
            },
            TwinRecord.Rpo.CATCHING_UP,
            new Nobody());

    private static Root root(long cp, long position) {
        TwinRecord.Known known = TwinRecord.Known.NOTHING;
        return new Root(
                new Id128(1, 2),
                new Root.Number(cp, 1, 1, 0, 1, 0),
                new Root.LogPoint(position, cp, List.of(), false),
                new Root.Written(0, 1),
                new Root.Objects(ObjectRoot.EMPTY, ObjectRoot.EMPTY, ObjectRoot.EMPTY),
                new Root.Space(0, 1, 1000),
                new TwinRecord(
                        TwinRecord.State.MIRRORED,
                        TwinRecord.Rpo.CATCHING_UP,
                        0,
                        known,
                        "",
                        SnapshotRecord.DeadList.EMPTY));
    }

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    private long keptWhileTheTwinHasTheOlderRoot() {
        ring.covered(root(1, 4096), false);
        ring.covered(root(2, 8192), false);
        return ring.keep(8192);
    }

    @Test
    void theRingIsKeptFromWhereTheTwinsNewestRootReads() {
        assertEquals(4096, keptWhileTheTwinHasTheOlderRoot());
        ring.rooted(2);
        assertEquals(8192, ring.keep(8192));
        assertEquals(12_288, keep(root(3, 12_288), 3), "the twin has it, too");
    }

    private long keep(Root root, long hasCp) {
        ring.covered(root, false);
        ring.rooted(hasCp);
        return ring.keep(12_288);
    }

    /** Streams are in order, so that a scenario hardly ever sees what is written over too early. */
    @Test
    void aRingTrimmedByTheSourcesRootIsNoticed() {
        Mutant.plant("twin.log-trimmed-by-own-root");
        assertNotEquals(4096, keptWhileTheTwinHasTheOlderRoot());
    }

    /** Else whoever waits for the record is told at the next one, or with the next root. */
    @Test
    void whatTheTwinHasBeforeTheDevicesHereIsToldWhenTheseHaveIt() {
        List<Long> safe = new ArrayList<>();
        ring.begin(4096, new Told(safe));
        ring.covered(root(1, 4096), false);
        ring.opened(1);
        ring.wrote(4096, new ByteBuffer[] {ByteBuffer.allocate(4096)}, 1, 4096);
        ring.logged(8192);
        safe.clear();
        ring.durable(at(8192));
        assertEquals(List.of(8192L), safe);
    }

    private static RingStart at(long position) {
        return new RingStart(0, 0, 0, position, 0);
    }

    /** What waits for the devices answers by itself; to be asked meanwhile is none of its promises. */
    @Test
    void roomOnTheWayWhileTheDevicesAreAskedAsksNothingMore() {
        LogArray array = new LogArray(4 << 20, 1);
        TwinRing behind = new TwinRing(
                (start, resume) -> new RingCopy(array, start, new TestLoop(), resume),
                TwinRecord.Rpo.CATCHING_UP,
                new Nobody());
        behind.begin(0, new Told(new ArrayList<>()));
        behind.durable(at(4096));
        behind.covered(root(1, 0), false);
        behind.opened(1);
        assertEquals(1 << 20, array.bytesRead);
        behind.drained();
        assertEquals(1 << 20, array.bytesRead);
    }

    /** The twin goes without until a newer root that it has makes up for it. */
    @Test
    void aRecordThatCannotBeReadAgainIsLeftToTheNextRoot() {
        LogArray array = new LogArray(4 << 20, 1);
        TestLoop loop = new TestLoop();
        TwinRing behind = new TwinRing(
                (start, resume) -> new RingCopy(array, start, loop, resume), TwinRecord.Rpo.CATCHING_UP, new Nobody());
        behind.begin(0, new Told(new ArrayList<>()));
        behind.durable(at(4096));
        behind.covered(root(1, 0), false);
        behind.opened(1);
        assertTrue(behind.holds(), "the next record waits for the one before it");
        loop.run();
        assertFalse(behind.holds() || behind.isInStep());
        assertEquals(4096, behind.keep(4096), "nothing is kept for a root that does not count");
        behind.covered(root(2, 4096), false);
        behind.rooted(2);
        assertTrue(behind.isInStep());
    }

    /** Hears up to where records are at the twin. */
    private record Told(List<Long> safe) implements TwinRing.Listener {
        @Override
        public void safe(long position) {
            safe.add(position);
        }

        @Override
        public void rooted(long cp) {}

        @Override
        public void both(boolean both) {}

        @Override
        public void goOn() {}
    }

    /** Takes everything, and sends it nowhere. */
    private static final class Nobody implements TwinRing.Out {
        @Override
        public void log(long position, ByteBuffer[] parts, int count) {
            Checks.that(count > 0, "something is sent", position);
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void close(String why) {}

        @Override
        public void changed() {}

        @Override
        public long wallMillis() {
            return 0;
        }
    }
}
