package dev.holdfast.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class Crc32cTest {
    private final Crc32c crc = new Crc32c();

    @Test
    void knownVectorsOfRfc3720() {
        ByteBuffer zeros = ByteBuffer.allocateDirect(32);
        assertEquals(0x8A9136AA, crc.of(zeros, 0, 32));
        ByteBuffer ones = ByteBuffer.allocateDirect(32);
        for (int i = 0; i < 32; i++) {
            ones.put(i, (byte) 0xFF);
        }
        assertEquals(0x62A8AB43, crc.of(ones, 0, 32));
        ByteBuffer digits = ByteBuffer.wrap("123456789".getBytes(StandardCharsets.US_ASCII));
        assertEquals(0xE3069283, crc.of(digits, 0, 9));
        assertEquals(0, crc.of(digits, 4, 0));
    }

    @Test
    void positionAndLimitNeitherMatterNorMove() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(8192);
        new Random(7).ints(2048).forEach(buffer::putInt);
        int whole = crc.ofBlock(buffer.duplicate().clear(), 4096);
        buffer.limit(100).position(50);
        assertEquals(whole, crc.ofBlock(buffer, 4096));
        assertEquals(50, buffer.position());
        assertEquals(100, buffer.limit());
    }

    @Test
    void aFieldLeftOutCountsAsZero() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
        new Random(8).ints(1024).forEach(buffer::putInt);
        for (int field : new int[] {0, 8, 4092}) {
            int found = crc.ofWithoutField(buffer, 0, 4096, field);
            ByteBuffer copy = ByteBuffer.allocate(4096).put(buffer.duplicate().clear());
            assertEquals(crc.ofBlock(copy.putInt(field, 0), 0), found, "field at " + field);
        }
    }

    @Test
    void aRangeOutsideTheBufferIsRefusedAndChangesNothing() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(64);
        assertThrows(IndexOutOfBoundsException.class, () -> crc.of(buffer, 60, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> crc.of(buffer, -1, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> crc.of(buffer, 0, -1));
        assertEquals(64, buffer.limit());
    }
}
