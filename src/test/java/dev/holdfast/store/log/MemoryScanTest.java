package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What another process left in memory is believed exactly when it is ours, and used only as far as it is complete. */
final class MemoryScanTest {
    private final ByteBuffer region = MemoryLogTest.region(64);
    private final Random random = new Random(3);

    private MemoryLog filled(int entries) {
        MemoryLog log = MemoryLog.label(region, MemoryLogTest.IDENTITY, 0, 1);
        for (int seq = 1; seq <= entries; seq++) {
            assertTrue(Change.append(log, random, 1, seq, 4096) != null);
        }
        return log;
    }

    private static MemoryVerdict.Why why(ByteBuffer region, LogIdentity identity) {
        return assertInstanceOf(MemoryVerdict.Foreign.class, MemoryScan.of(region, identity))
                .why();
    }

    @Test
    void memoryOfAnotherPoolBootOrOpenIsForeign() {
        filled(5);
        assertEquals(MemoryVerdict.Why.OTHER_POOL, why(region, new LogIdentity(0, 0x2222, 0x3333, 0x4444, 7)));
        assertEquals(MemoryVerdict.Why.OTHER_POOL, why(region, new LogIdentity(0x1111, 0, 0x3333, 0x4444, 7)));
        assertEquals(MemoryVerdict.Why.OTHER_BOOT, why(region, new LogIdentity(0x1111, 0x2222, 0, 0x4444, 7)));
        assertEquals(MemoryVerdict.Why.OTHER_BOOT, why(region, new LogIdentity(0x1111, 0x2222, 0x3333, 0, 7)));
        assertEquals(MemoryVerdict.Why.OTHER_COUNTER, why(region, new LogIdentity(0x1111, 0x2222, 0x3333, 0x4444, 8)));
        assertEquals(MemoryVerdict.Why.OTHER_COUNTER, why(region, new LogIdentity(0x1111, 0x2222, 0x3333, 0x4444, 6)));
        assertEquals(5, MemoryLogTest.trusted(region).endEntry());
        assertEquals(MemoryVerdict.Why.ABSENT, why(MemoryLogTest.region(64), MemoryLogTest.IDENTITY));
        assertEquals(MemoryVerdict.Why.ABSENT, why(ByteBuffer.allocateDirect(100), MemoryLogTest.IDENTITY));
    }

    @Test
    void anyFlippedByteOfTheHeaderMakesItForeign() {
        filled(5);
        for (int at = 0; at < 4096; at++) {
            byte good = region.get(at);
            region.put(at, (byte) (good ^ 1 << random.nextInt(8)));
            assertEquals(MemoryVerdict.Why.DAMAGED, why(region, MemoryLogTest.IDENTITY), "byte " + at);
            region.put(at, good);
        }
        assertEquals(5, MemoryLogTest.trusted(region).endEntry());
    }

    @Test
    void aNewerVersionIsNotBelieved() {
        filled(1);
        region.order(ByteOrder.LITTLE_ENDIAN).putInt(12, 2);
        region.putInt(8, MemoryLayout.headerChecksum(region));
        assertEquals(MemoryVerdict.Why.OTHER_VERSION, why(region, MemoryLogTest.IDENTITY));
    }

    /** Of a descriptor that was being written any subset of its eight-byte stores may be there. */
    @Test
    void anEntryTornAtTheEndIsNotThereAndAllBeforeAre() {
        for (int subset = 0; subset < 255; subset++) {
            MemoryLog log = filled(20);
            ByteBuffer whole = region.duplicate().clear().slice(4096 + 19 * 64, 64);
            byte[] bytes = new byte[64];
            whole.get(0, bytes);
            for (int part = 0; part < 8; part++) {
                if ((subset >> part & 1) == 0) {
                    whole.putLong(part * 8, 0);
                }
            }
            byte[] left = new byte[64];
            whole.get(0, left);
            boolean complete = Arrays.equals(bytes, left);
            MemoryScan scan = MemoryLogTest.trusted(region);
            assertEquals(complete ? 20 : 19, scan.endEntry(), "subset " + subset);
            assertTrue(scan.has(18));
            assertEquals(20, log.published());
        }
    }

    @Test
    void aDescriptorOfAnEarlierLapIsNotTakenForANewOne() {
        MemoryLog log = filled(20);
        long seq = 20;
        while (log.published() < 64 + 10) {
            log.release(log.published());
            assertTrue(Change.append(log, random, 1, ++seq, 4096) != null);
        }
        MemoryScan scan = MemoryLogTest.trusted(region);
        assertEquals(74, scan.endEntry());
        assertEquals(10, scan.firstEntry());
        assertTrue(scan.has(10), "the oldest of this lap");
        region.put(4096 + 9 * 64 + 20, (byte) 0x77); // entry 73 torn over entry 9
        scan = MemoryLogTest.trusted(region);
        assertEquals(73, scan.endEntry());
        assertFalse(scan.has(9), "its place was taken");
        assertTrue(scan.has(10));
    }

    @Test
    void aDamagedPayloadIsNoticed() {
        MemoryLog log = filled(1);
        ByteBuffer payload = ByteBuffer.allocate(5000);
        long entry = log.append(EntryKind.WRITE, 0, 1, 1, 2, 100, 5000, payload);
        MemoryScan scan = MemoryLogTest.trusted(region);
        assertTrue(scan.payloadIsIntact(entry));
        assertTrue(scan.holds(scan.descriptors(), scan.at(entry)), "a ring record with the same descriptor");
        log.slotBytes().put(scan.payloadAt(entry) + 4999, (byte) 1);
        assertFalse(scan.payloadIsIntact(entry));
        assertFalse(scan.holds(scan.descriptors(), scan.at(entry)));
    }
}
