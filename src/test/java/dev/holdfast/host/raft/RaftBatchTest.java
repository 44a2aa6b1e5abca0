package dev.holdfast.host.raft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.OrderedLog;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class RaftBatchTest {
    private static final RaftBatch BATCH =
            new RaftBatch(new UUID(1, 2), 7, List.of(new byte[0], new byte[] {5, 6}, new byte[] {9}));

    private static Optional<RaftBatch> decode(byte[] bytes) {
        return RaftBatch.decode(ByteBuffer.wrap(bytes));
    }

    @Test
    void aBatchComesBackAsItWas() {
        RaftBatch back = decode(BATCH.encode()).orElseThrow();
        assertEquals(BATCH.proposer(), back.proposer());
        assertEquals(7, back.number());
        assertEquals(3, back.records().size());
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(BATCH.records().get(i), back.records().get(i));
        }
    }

    @Test
    void theLargestBatchComesBack() {
        byte[][] records = new byte[1 + RaftBatch.FULL_BYTES / OrderedLog.RECORD_BYTES][OrderedLog.RECORD_BYTES];
        RaftBatch largest = new RaftBatch(new UUID(1, 2), Long.MAX_VALUE, List.of(records));
        assertTrue(decode(largest.encode()).isPresent());
    }

    @Test
    void bytesThatEndEarlyOrLateAreNoBatch() {
        byte[] whole = BATCH.encode();
        for (int length = 0; length < whole.length + 8; length++) {
            assertEquals(
                    length == whole.length, decode(Arrays.copyOf(whole, length)).isPresent(), "at " + length);
        }
        assertTrue(decode(new byte[RaftBatch.MOST_BYTES + 1]).isEmpty());
    }

    @Test
    void headsThatLieAreNoBatch() {
        for (int at : new int[] {0, 3, 20, 28, 31, 32, 35, 36, 39}) {
            byte[] bytes = BATCH.encode();
            bytes[at] ^= (byte) 0x80;
            assertTrue(decode(bytes).isEmpty(), "at " + at);
        }
    }
}
