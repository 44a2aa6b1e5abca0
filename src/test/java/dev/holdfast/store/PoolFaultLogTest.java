package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Roots and log records that are damaged when the pool is opened. */
final class PoolFaultLogTest {
    private static final long DISK = 256 << 20;
    private static final long ROOT_MAGIC = 0x3130544F4F524648L;
    private static final long RECORD_MAGIC = 0x3144524345524648L;
    private static final int RECORDS = 8;

    /** Each of RECORDS blocks, i holding i + 1, was flushed by itself. */
    private static PoolBench flushedOneByOne(long seed, int copies) {
        PoolBench bench = new PoolBench(seed, copies, DISK);
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 64 << 20);
        bench.world.runFor(20_000_000_000L);
        for (int block = 0; block < RECORDS; block++) {
            bench.write(bench.volume(1), block * 4096L, 4096, block + 1);
            assertEquals(Status.OK, bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0));
        }
        return bench;
    }

    /** What each block holds, -1 for an error. */
    private static List<Integer> contents(PoolBench bench) {
        List<Integer> values = new ArrayList<>();
        for (int block = 0; block < RECORDS; block++) {
            Optional<byte[]> bytes = bench.read(bench.volume(1), block * 4096L, 4096);
            values.add(bytes.map(found -> (int) found[4095]).orElse(-1));
        }
        return values;
    }

    private static List<Integer> allBut(int block, int value) {
        List<Integer> values = new ArrayList<>();
        for (int i = 0; i < RECORDS; i++) {
            values.add(i == block ? value : i + 1);
        }
        return values;
    }

    /** Headers of the records of the last run, oldest first. */
    private static List<Long> headers(PoolDamage damage) {
        List<Long> all = damage.find(PoolDamage.LOG, PoolDamage.DATA, page -> page.getLong(0) == RECORD_MAGIC);
        long opened =
                all.stream().mapToLong(block -> field(damage, block, 32)).max().orElseThrow();
        return all.stream()
                .filter(block -> field(damage, block, 32) == opened)
                .sorted(Comparator.comparingLong(block -> field(damage, block, 48)))
                .toList();
    }

    private static long field(PoolDamage damage, long block, int at) {
        return Long.reverseBytes(ByteBuffer.wrap(damage.medium.read(block)).getLong(at));
    }

    private static List<Long> payload(PoolDamage damage, int value) {
        return damage.find(PoolDamage.LOG, PoolDamage.DATA, page -> page.get(0) == value && page.get(4095) == value);
    }

    /** Both places of the newest root. */
    private static List<Long> newestRoot(PoolDamage damage) {
        List<Long> roots = damage.find(PoolDamage.ROOTS, PoolDamage.ROOTS + 128, page -> page.getLong(0) == ROOT_MAGIC);
        long newest = roots.stream()
                .mapToLong(block -> field(damage, block, 32))
                .max()
                .orElseThrow();
        return roots.stream()
                .filter(block -> field(damage, block, 32) == newest)
                .toList();
    }

    @Test
    void aDamagedPayloadOfAFlushedRecordIsAnErrorForItsRangeOnly() {
        PoolBench bench = flushedOneByOne(21, 1);
        bench.powerCut();
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        damage.rot(payload(damage, 4));
        assertTrue(bench.open(), bench.refused);
        assertEquals(allBut(3, -1), contents(bench));
        assertFalse(bench.notes.isEmpty());
        bench.stop();
        assertTrue(bench.open(), bench.refused);
        assertEquals(allBut(3, -1), contents(bench));
        bench.write(bench.volume(1), 3 * 4096L, 4096, 4);
        bench.stop();
        assertEquals(List.of(), bench.check());
        assertTrue(bench.open(), bench.refused);
        assertEquals(allBut(-1, 0), contents(bench));
    }

    @Test
    void trustedMemoryMakesUpForADamagedPayload() {
        PoolBench bench = flushedOneByOne(22, 1);
        bench.kill();
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        damage.rot(payload(damage, 4));
        assertTrue(bench.open(), bench.refused);
        assertEquals(allBut(-1, 0), contents(bench));
    }

    @Test
    void theOtherDeviceMakesUpForADamagedRecord() {
        PoolBench bench = flushedOneByOne(23, 2);
        bench.powerCut();
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        damage.rot(payload(damage, 4));
        damage.rot(headers(damage).subList(5, 6));
        assertTrue(bench.open(), bench.refused);
        assertEquals(allBut(-1, 0), contents(bench));
    }

    @Test
    void aDamagedHeaderBeforeALaterRecordIsRefusedUntilTheLossIsAccepted() {
        PoolBench bench = flushedOneByOne(24, 1);
        bench.powerCut();
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        List<Long> headers = headers(damage);
        damage.rot(headers.subList(headers.size() - 3, headers.size() - 2));
        for (int attempt = 0; attempt < 2; attempt++) {
            assertFalse(bench.open());
            assertEquals(-1, bench.refused.indexOf('\n'), bench.refused);
        }
        bench.acceptLoss = true;
        assertTrue(bench.open(), bench.refused);
        assertTrue(bench.notes.toString().contains("loss accepted"), bench.notes.toString());
        assertEquals(List.of(1, 2, 3, 4, 5, 0, 0, 0), contents(bench));
        bench.stop();
        bench.acceptLoss = false;
        assertEquals(List.of(), bench.check());
        assertTrue(bench.open(), bench.refused);
        assertEquals(List.of(1, 2, 3, 4, 5, 0, 0, 0), contents(bench));
    }

    @Test
    void aTornLastRecordIsDroppedQuietly() {
        for (int which = 0; which < 2; which++) {
            PoolBench bench = flushedOneByOne(25 + which, 1);
            bench.powerCut();
            PoolDamage damage = new PoolDamage(bench, "/disk0");
            damage.rot(which == 0 ? headers(damage).reversed().subList(0, 1) : payload(damage, RECORDS));
            assertTrue(bench.open(), bench.refused);
            assertEquals(allBut(RECORDS - 1, 0), contents(bench));
            bench.write(bench.volume(1), (RECORDS - 1) * 4096L, 4096, 99);
            bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0);
            bench.powerCut();
            assertEquals(List.of(), bench.check());
            assertTrue(bench.open(), bench.refused);
            assertEquals(allBut(RECORDS - 1, 99), contents(bench));
        }
    }

    @Test
    void oneRottenHalfOfTheNewestRootIsNoMatter() {
        for (int half = 0; half < 2; half++) {
            PoolBench bench = flushedOneByOne(27 + half, 1);
            bench.powerCut();
            PoolDamage damage = new PoolDamage(bench, "/disk0");
            damage.rot(newestRoot(damage).subList(half, half + 1));
            assertEquals(List.of(), bench.check());
            assertTrue(bench.open(), bench.refused);
            assertEquals(allBut(-1, 0), contents(bench));
        }
    }

    @Test
    void theNewestRootRottenEverywhereIsRefusedAndAcceptingTheLossOpensTheOneBefore() {
        PoolBench bench = flushedOneByOne(29, 1);
        bench.stop();
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        assertEquals(2, newestRoot(damage).size());
        damage.rot(newestRoot(damage));
        for (int attempt = 0; attempt < 2; attempt++) {
            assertFalse(bench.open());
            assertEquals(-1, bench.refused.indexOf('\n'), bench.refused);
        }
        bench.acceptLoss = true;
        assertTrue(bench.open(), bench.refused);
        assertTrue(bench.notes.toString().contains("loss accepted"), bench.notes.toString());
        assertEquals(allBut(-1, 0), contents(bench));
        bench.write(bench.volume(1), 0, 4096, 77);
        bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0);
        bench.kill();
        bench.acceptLoss = false;
        assertEquals(List.of(), bench.check());
        assertTrue(bench.open(), bench.refused);
        assertEquals(allBut(0, 77), contents(bench));
        bench.stop();
        assertEquals(List.of(), bench.check());
    }

    @Test
    void theNewestRootRottenOnOneDeviceIsTakenFromTheOther() {
        PoolBench bench = flushedOneByOne(30, 2);
        bench.powerCut();
        PoolDamage damage = new PoolDamage(bench, "/disk1");
        damage.rot(newestRoot(damage));
        assertTrue(bench.open(), bench.refused);
        assertEquals(allBut(-1, 0), contents(bench));
    }
}
