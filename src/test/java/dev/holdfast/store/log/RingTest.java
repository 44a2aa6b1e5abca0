package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was written to the ring is found there again, and nothing else. */
final class RingTest {
    /** Random records, failed writes, trims, over many laps; after every few steps the ring is scanned and replayed. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void exactlyWhatWasLoggedSinceTheRootIsFoundOverManyLaps(long seed) {
        Random random = new Random(seed);
        RingBed bed = new RingBed(1 + random.nextInt(3), 40 + random.nextInt(300), 16 + random.nextInt(200), 1);
        long cp = 40;
        for (int step = 0; step < 800; step++) {
            boolean room = true;
            for (int i = random.nextInt(6); i > 0 && room; i--) {
                room = bed.append(random);
            }
            if (random.nextInt(10) == 0) {
                buildAndFail(bed);
            }
            long free = bed.writer.freeBytes();
            boolean wrote = bed.log();
            assertTrue(bed.writer.freeBytes() <= free);
            if (!room || !wrote || random.nextInt(20) == 0) {
                bed.root(++cp);
                assertEquals(bed.array.logBytes(), bed.writer.freeBytes());
            }
            if (step % 23 == 0) {
                assertFound(bed);
            }
        }
        assertTrue(bed.writer.next().position() > 10 * bed.array.logBytes(), "at least ten laps");
    }

    private static void buildAndFail(RingBed bed) {
        long[] to = bed.lanes.stream().mapToLong(MemoryLog::published).toArray();
        RingStart before = bed.writer.next();
        if (!Arrays.equals(bed.logged, to)) {
            bed.writer.build(bed.logged, to);
        }
        assertEquals(before, bed.writer.next());
    }

    private static void assertFound(RingBed bed) {
        RingVerdict.End end = assertInstanceOf(RingVerdict.End.class, bed.scan(bed.array));
        assertEquals(bed.records.size(), end.found().records(), end.message());
        assertEquals(bed.logged().size(), end.found().entries());
        assertEquals(bed.writer.next(), end.found().end());
        List<String> cuts = new ArrayList<>();
        assertEquals(bed.logged(), bed.replay(bed.array, end.found(), List.of(), cuts));
        assertEquals(List.of(), cuts);
    }

    @Test
    void whatFitsGoesIntoOneRecordAndRunsOfSlotsAreOnePart() {
        RingBed bed = new RingBed(1, 700, 8192, 1);
        for (int seq = 2; seq < 302; seq++) {
            bed.lanes.get(0).append(EntryKind.WRITE, 0, 1, 1, seq, 4096L * seq, 4096, ByteBuffer.allocate(4096));
        }
        assertTrue(bed.writer.build(new long[] {0}, new long[] {300}));
        assertEquals(2, bed.writer.partCount());
        assertEquals(300, bed.writer.takenTo(0));
        assertEquals(RingRecord.areaBytes(300) + 300 * 4096, bed.writer.lengthBytes());
    }

    @Test
    void aRecordIsAtMostAQuarterOfTheRingAndALaneCannotStarveAnother() {
        RingBed bed = new RingBed(2, 700, 64, 1);
        for (int seq = 2; seq < 102; seq++) {
            bed.lanes.get(0).append(EntryKind.WRITE, 0, 1, 1, seq, 0, 4096, ByteBuffer.allocate(4096));
        }
        bed.lanes.get(1).append(EntryKind.TRIM, 0, 2, 1, 2, 0, 4096, MemoryLog.noPayload());
        assertTrue(bed.writer.build(new long[] {0, 0}, new long[] {100, 1}));
        assertEquals(16 * 4096, bed.writer.lengthBytes());
        assertEquals(15, bed.writer.takenTo(0));
        assertEquals(1, bed.writer.takenTo(1));
    }

    @Test
    void aFullRingSaysSoUntilItIsTrimmed() {
        RingBed bed = new RingBed(1, 300, 64, 1);
        Random random = new Random(1);
        while (bed.append(random) && bed.log()) {
            assertTrue(bed.writer.usedFraction() <= 1);
        }
        RingStart next = bed.writer.next();
        bed.writer.trim(next.position(), 41);
        assertTrue(bed.writer.wouldFit(16 * 4096));
        assertEquals(0, bed.writer.usedFraction());
    }

    @Test
    void recordsOfAnEarlierOpenAreNeverAccepted() {
        RingBed old = new RingBed(1, 300, 64, 1);
        Random random = new Random(5);
        for (int i = 0; i < 10; i++) {
            old.append(random);
            old.log();
        }
        RingStart reopened = new RingStart(0x1111, 0x2222, 8, 0, 0);
        RingBed bed = new RingBed(1, 300, old.array, reopened);
        RingVerdict none = RingBed.scan(bed.array, reopened, List.of(), shard -> 0);
        assertEquals(0, assertInstanceOf(RingVerdict.End.class, none).found().records());
        bed.append(random);
        bed.log();
        assertEquals(
                1,
                assertInstanceOf(RingVerdict.End.class, bed.scan(bed.array))
                        .found()
                        .records());
        RingStart otherPool = new RingStart(0x1112, 0x2222, 8, 0, 0);
        RingVerdict other = RingBed.scan(bed.array, otherPool, List.of(), shard -> 0);
        assertEquals(0, assertInstanceOf(RingVerdict.End.class, other).found().records());
    }

    @Test
    void theWholeRingIsReadOnceAndInOrder() {
        RingBed bed = new RingBed(1, 3000, 8192, 2);
        Random random = new Random(6);
        for (int i = 0; i < 200 && bed.append(random); i++) {
            bed.log();
        }
        bed.scan(bed.array);
        long ring = bed.array.logBytes();
        assertTrue(bed.array.bytesRead <= 2 * (ring + (4 << 20)), "read " + bed.array.bytesRead + " of 2 x " + ring);
    }
}
