package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Violation;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MemoryLogTest {
    static final LogIdentity IDENTITY = new LogIdentity(0x1111, 0x2222, 0x3333, 0x4444, 7);

    static ByteBuffer region(int pages) {
        return RingWriter.alignedDirect(pages * 4096);
    }

    static MemoryScan trusted(ByteBuffer region) {
        return assertInstanceOf(MemoryVerdict.Trusted.class, MemoryScan.of(region, IDENTITY))
                .entries();
    }

    static Change readBack(MemoryScan scan, long entry) {
        assertTrue(scan.has(entry), "entry " + entry);
        assertTrue(scan.payloadIsIntact(entry), "payload of entry " + entry);
        int at = scan.at(entry);
        int from = scan.payloadAt(entry);
        int length = Entry.payloadLength(scan.descriptors(), at);
        return Change.of(scan.descriptors(), at, scan.slotBytes().slice(from, length));
    }

    /** Random appends and releases over many laps against a model; everything not released is found at any moment. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyHeldEntryIsFoundAgainAtAnyMoment(long seed) {
        Random random = new Random(seed);
        ByteBuffer region = region(10 + random.nextInt(120));
        MemoryLog log = MemoryLog.label(region, IDENTITY, 1, 3);
        ArrayDeque<Change> held = new ArrayDeque<>();
        TreeMap<Integer, Long> seqs = new TreeMap<>();
        int refused = 0;
        for (int step = 0; step < 4000; step++) {
            int shard = random.nextInt(4);
            long seq = seqs.getOrDefault(shard, 0L) + 1;
            Change change = Change.append(log, random, shard, seq, log.maxPayloadBytes());
            if (change != null) {
                held.add(change);
                seqs.put(shard, seq);
            } else {
                refused++;
            }
            if (change == null || random.nextInt(30) == 0) {
                int count = held.size() - random.nextInt(held.size() + 1);
                log.release(log.released() + count);
                for (int i = 0; i < count; i++) {
                    held.remove();
                }
            }
            if (step % 97 == 0) {
                assertHeld(region, log, held);
            }
            if (step % 1111 == 0) {
                ByteBuffer moved = region(region.capacity() / 4096);
                log.moveTo(moved);
                region = moved;
                assertHeld(region, log, held);
            }
        }
        assertTrue(refused > 10, "the log was full now and then: " + refused);
        assertEquals(log.published(), log.released() + held.size());
    }

    @Test
    void anEmptyLogTakesTheLongestPayloadWhereverTheLastOneEnded() {
        for (int before = 1; before < 60; before++) {
            MemoryLog log = MemoryLog.label(region(82), IDENTITY, 0, 1);
            write(log, 1, before * 4096);
            assertFalse(log.room(log.maxPayloadBytes(), 4095));
            log.release(1);
            assertTrue(log.room(log.maxPayloadBytes(), 4095), before + " slots before");
            write(log, 2, log.maxPayloadBytes());
        }
    }

    private static void write(MemoryLog log, long seq, int length) {
        log.append(EntryKind.WRITE, 0, 1, 1, seq, 0, length, ByteBuffer.allocateDirect(length));
    }

    private static void assertHeld(ByteBuffer region, MemoryLog log, ArrayDeque<Change> held) {
        MemoryScan scan = trusted(region);
        assertEquals(1, scan.lane());
        assertEquals(3, scan.lanes());
        assertEquals(log.published(), scan.endEntry());
        LogView view = log.view();
        long entry = log.released();
        for (Change change : held) {
            assertEquals(change, readBack(scan, entry));
            assertEquals(log.firstSlot(entry), Entry.firstSlot(view.descriptors(), view.at(entry)));
            entry++;
        }
        assertEquals(held.isEmpty(), log.usedFraction() == 0);
        assertTrue(log.usedFraction() <= 1);
    }

    @Test
    void aWholeBlockOfTheVolumeIsOneAlignedSlot() {
        MemoryLog log = MemoryLog.label(region(64), IDENTITY, 0, 1);
        ByteBuffer payload = ByteBuffer.allocate(8192);
        for (int i = 0; i < 8192; i++) {
            payload.put(i, (byte) (i / 100));
        }
        long entry = log.append(EntryKind.WRITE, 0, 1, 1, 2, 4096 * 9 + 1000, 8192, payload);
        int slot = log.firstSlot(entry);
        assertEquals(3, Entry.slots(log.view().descriptors(), log.view().at(entry)));
        for (int i = 0; i < 8192; i++) {
            assertEquals(payload.get(i), log.slotBytes().get(slot * 4096 + 1000 + i), "byte " + i);
        }
        assertEquals(0, log.slotBytes().alignmentOffset(0, 4096));
    }

    @Test
    void aPayloadThatWouldCrossTheEndStartsAtSlotZeroAndTheSkippedSlotsBelongToIt() {
        MemoryLog log = MemoryLog.label(region(12), IDENTITY, 0, 1); // 10 slots
        for (int seq = 2; seq < 6; seq++) {
            log.append(EntryKind.WRITE, 0, 1, 1, seq, 0, 8192, ByteBuffer.allocate(8192));
        }
        log.release(2);
        log.append(EntryKind.WRITE, 0, 1, 1, 6, 0, 4096, ByteBuffer.allocate(4096)); // slot 8; slot 9 is left
        assertTrue(log.room(3 * 4096, 0), "1 skipped and 3 of the 4 released");
        assertFalse(log.room(5 * 4096, 0), "1 skipped and 5, but 4 are free there");
        long crossing = log.append(EntryKind.WRITE, 0, 1, 1, 7, 0, 12288, ByteBuffer.allocate(12288));
        assertEquals(0, log.firstSlot(crossing));
        assertEquals(0.9, log.usedFraction(), 1e-9);
        log.release(6);
        assertEquals(0, log.usedFraction());
    }

    @Test
    void anEmptyLogTakesTheLongestPayloadWhereverItsHeadIs() {
        for (int pages : new int[] {10, 11, 17, 64, 100, 700}) {
            MemoryLog log = MemoryLog.label(region(pages), IDENTITY, 0, 1);
            for (int head = 0; head < 2 * pages; head++) {
                assertTrue(log.room(log.maxPayloadBytes(), 4095), "pages " + pages + " head " + head);
                log.release(log.append(EntryKind.WRITE, 0, 1, 1, head + 2, 0, 1, ByteBuffer.allocate(1)) + 1);
            }
        }
    }

    @Test
    void labellingMakesOldEntriesUnrecognisable() {
        ByteBuffer region = region(64);
        MemoryLog old = MemoryLog.label(region, IDENTITY, 0, 1);
        for (int seq = 1; seq < 20; seq++) {
            Change.append(old, new Random(seq), 5, seq, 4096);
        }
        assertEquals(19, trusted(region).endEntry());
        MemoryLog.label(region, IDENTITY, 0, 1);
        assertEquals(0, trusted(region).endEntry());
        assertFalse(trusted(region).has(3));
    }

    @Test
    void whatIsNotAllowedIsRefusedLoudly() {
        MemoryLog log = MemoryLog.label(region(10), IDENTITY, 0, 1);
        ByteBuffer big = ByteBuffer.allocate(40000);
        assertThrows(Violation.class, () -> log.append(EntryKind.WRITE, 0, 1, 1, 2, 0, 40000, big));
        assertThrows(Violation.class, () -> log.release(1));
        assertThrows(Violation.class, () -> log.firstSlot(0));
        ByteBuffer one = ByteBuffer.allocate(1);
        assertThrows(Violation.class, () -> log.append(EntryKind.WRITE, 0, 1, 1, 0, 0, 1, one));
        assertThrows(Violation.class, () -> log.append(EntryKind.WRITE, 0, 1, 1, 2, 0, 2, one));
        assertThrows(Violation.class, () -> MemoryLog.label(region(9), IDENTITY, 0, 1));
        assertEquals(0, log.published());
    }
}
