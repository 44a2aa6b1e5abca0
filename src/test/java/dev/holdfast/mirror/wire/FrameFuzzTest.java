package dev.holdfast.mirror.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Seeds;
import dev.holdfast.mirror.Message;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Whatever bytes come, the reader neither throws nor allocates much, and what it takes has one form: encoded again it
 * is the same bytes. Damaged frames have their checksums put right again, so that they get further.
 */
final class FrameFuzzTest {
    private static final long[] EDGES = {
        0,
        1,
        -1,
        2,
        255,
        256,
        512,
        513,
        1024,
        1025,
        4096,
        4097,
        1 << 20,
        (1 << 20) + 1,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 32,
        1L << 62,
        (1L << 62) + 1,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    /** More than any message of these tests takes, payloads left in place; a trusted length or count would be more. */
    private static final long MOST_ALLOCATED = 128 << 10;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private int taken;

    @Test
    void noiseIsNoMessage() {
        Seeds.each(20, seed -> {
            Random random = new Random(seed);
            for (int round = 0; round < 500; round++) {
                byte[] bytes = new byte[random.nextInt(400)];
                random.nextBytes(bytes);
                if (bytes.length > 12 && random.nextBoolean()) {
                    ByteBuffer head = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                    head.putInt(4, bytes.length)
                            .put(8, (byte) random.nextInt(10))
                            .putShort(10, (short) random.nextInt(9));
                    seal(head);
                }
                feed(bytes);
            }
        });
    }

    @Test
    void damagedFramesHarmNobody() {
        Seeds.each(60, seed -> {
            Random random = new Random(seed);
            RandomMessages messages = new RandomMessages(seed, 1, 0);
            for (int round = 0; round < 400; round++) {
                Message message = messages.next();
                ByteBuffer bytes = RandomMessages.encode(random.nextInt(9), message);
                damage(random, bytes);
                seal(bytes);
                feed(random.nextInt(8) == 0 ? cut(random, bytes.array()) : bytes.array());
            }
        });
        assertTrue(taken > 1000, "damage that changes nothing else is taken, so the rest was looked at: " + taken);
    }

    private static byte[] cut(Random random, byte[] bytes) {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
    }

    private static void damage(Random random, ByteBuffer bytes) {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(Math.min(bytes.capacity() - 8, 200));
            long value = random.nextBoolean() ? EDGES[random.nextInt(EDGES.length)] : random.nextLong();
            switch (random.nextInt(4)) {
                case 0 -> bytes.put(at, (byte) value);
                case 1 -> bytes.putShort(at & ~1, (short) value);
                case 2 -> bytes.putInt(at & ~3, (int) value);
                default -> bytes.putLong(at & ~7, value);
            }
        }
    }

    /** Puts right what checksums the damaged head says there are, if they lie within. */
    static void seal(ByteBuffer bytes) {
        Crc32c crc = new Crc32c();
        int count = bytes.getShort(10) & 0xFFFF;
        int headBytes = FrameLayout.headBytes(bytes.get(8), count);
        if (headBytes > 0 && headBytes <= bytes.capacity()) {
            bytes.putInt(0, crc.of(bytes, 4, headBytes - 4));
        }
    }

    private void feed(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        FrameReader reader = new FrameReader(1, 0);
        long before = threads.getCurrentThreadAllocatedBytes();
        Frame frame = reader.next(in);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < MOST_ALLOCATED, "allocated " + allocated);
        switch (frame) {
            case Frame.Told told -> {
                byte[] again =
                        RandomMessages.encode(told.shard(), told.message()).array();
                HexFormat hex = HexFormat.of();
                assertEquals(hex.formatHex(bytes, 0, in.position()), hex.formatHex(again));
                taken++;
            }
            case Frame.Beat beat -> assertEquals(FrameLayout.HEAD_BYTES, in.position());
            case Frame.Incomplete incomplete -> assertEquals(0, in.position());
            case Frame.Malformed malformed -> assertEquals(0, in.position());
        }
    }
}
