package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile bytes: valid ones with fields replaced, checksums mended so that they get past the door. */
final class LogFuzzTest {
    private static final long[] EXTREMES = {
        0,
        1,
        -1,
        7,
        63,
        64,
        4096,
        1 << 20,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        1L << 40
    };
    private final Crc32c crc = new Crc32c();

    private static void spoil(ByteBuffer bytes, int from, int length, Random random) {
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = from + random.nextInt(length - 8);
            switch (random.nextInt(4)) {
                case 0 -> bytes.put(at, (byte) random.nextInt());
                case 1 -> bytes.putInt(at & ~3, (int) EXTREMES[random.nextInt(EXTREMES.length)]);
                case 2 -> bytes.putLong(at & ~7, EXTREMES[random.nextInt(EXTREMES.length)]);
                default -> bytes.putInt(at & ~3, random.nextInt());
            }
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void hostileMemoryGivesAVerdict(long seed) {
        Random random = new Random(seed);
        ByteBuffer region = MemoryLogTest.region(40);
        MemoryLog log = MemoryLog.label(region, MemoryLogTest.IDENTITY, 0, 1);
        for (int seq = 1; seq < 25; seq++) {
            Change.append(log, random, 1, seq, 4096);
        }
        byte[] good = new byte[region.capacity()];
        region.get(0, good);
        int trusted = 0;
        for (int round = 0; round < 1500; round++) {
            byte[] input = good.clone();
            ByteBuffer bytes = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
            if (random.nextInt(3) == 0) {
                spoil(bytes, 0, 80, random);
                bytes.putInt(8, MemoryLayout.headerChecksum(bytes));
            }
            int descriptor = 4096 + random.nextInt(32) * 64;
            spoil(bytes, descriptor, 64, random);
            bytes.putInt(descriptor, crc.of(bytes, descriptor + 4, 60));
            trusted += LogFuzz.memory(input) instanceof MemoryVerdict.Trusted ? 1 : 0;
        }
        assertTrue(trusted > 300, "some get past the door: " + trusted);
        random.nextBytes(good);
        assertTrue(LogFuzz.memory(good) instanceof MemoryVerdict.Foreign);
        assertTrue(LogFuzz.memory(new byte[3]) instanceof MemoryVerdict.Foreign);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void hostileRingGivesAVerdict(long seed) {
        Random random = new Random(seed);
        RingBed bed = new RingBed(1, 300, 64, 1);
        for (int i = 0; i < 5; i++) {
            bed.append(random);
            bed.append(random);
            bed.log();
        }
        int past = 0;
        for (int round = 0; round < 700; round++) {
            byte[] input = bed.array.members[0].clone();
            ByteBuffer bytes = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
            int record = Math.toIntExact(bed.offsets.get(random.nextInt(bed.offsets.size())));
            spoil(bytes, record, random.nextBoolean() ? 128 : 320, random);
            int area = Math.clamp(bytes.getInt(record + 64), 128, 8192);
            bytes.putInt(record + 8, crc.ofWithoutField(bytes, record, area, record + 8));
            past += LogFuzz.ring(input, 1 + round % 2).found().records() == 5 ? 1 : 0;
        }
        assertTrue(past > 20, "some get past the door: " + past);
        byte[] noise = new byte[200000];
        random.nextBytes(noise);
        assertEquals(0, LogFuzz.ring(noise, 1).found().records());
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2})
    void hostileDescriptorsAreSoundOrNot(long seed) {
        Random random = new Random(seed);
        ByteBuffer good = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        Entry.putIdentity(good, 0, EntryKind.WRITE, 1);
        Entry.putPlace(good, 0, 4, 1, 9);
        Entry.putRange(good, 0, 4096 + 5, 4096);
        Entry.putPayload(good, 0, 3, 2, 77, 4096);
        Entry.seal(good, 0, 12, crc);
        assertTrue(LogFuzz.descriptor(good.array()));
        int sound = 0;
        for (int round = 0; round < 20000; round++) {
            byte[] input = good.array().clone();
            spoil(ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN), 0, 64, random);
            sound += LogFuzz.descriptor(input) ? 1 : 0;
        }
        assertTrue(sound > 1000 && sound < 19000, "some are, some are not: " + sound);
    }
}
