package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.frontend.nbd.TestClient.Reply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random requests, cut anywhere, on a disk that sometimes answers late and sometimes has no room, against an array that
 * does the same: every request is answered once, every byte read is the one that belongs there. To repeat a failure
 * put the seed from its name into {@code @ValueSource}.
 */
final class RandomRequestsTest {
    private static final int REQUESTS = 120;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18})
    void everyRequestIsAnsweredOnceAndWithTheRightBytes(long seed) {
        Random random = new Random(seed);
        TestBed bed = new TestBed();
        TestClient client = bed.connect().go(random.nextBoolean());
        byte[] model = new byte[TestBed.SIZE_BYTES];
        random.nextBytes(model);
        System.arraycopy(model, 0, bed.volume.bytes, 0, model.length);
        for (int i = 0; i < REQUESTS; ) {
            // Requests of a batch touch ranges of their own: those that overlap would have no order.
            int batch = 1 + random.nextInt(8);
            bed.volume.holdsBack = random.nextBoolean();
            bed.volume.roomBytes = random.nextBoolean() ? 0 : Integer.MAX_VALUE;
            boolean large = random.nextBoolean();
            client.connection.segment(1 + random.nextInt(large ? 1 << 21 : 100));
            Map<Long, Expected> expected = new HashMap<>();
            for (int k = 0; k < batch; k++, i++) {
                long first = (long) k * TestBed.SIZE_BYTES / batch;
                int span = TestBed.SIZE_BYTES / batch;
                send(
                        client,
                        random,
                        model,
                        expected,
                        new Range(i, (int) first, Math.min(span, large ? 3 << 20 : 9000)));
            }
            while (expected.size() > settled(client, expected)) {
                bed.volume.room(Integer.MAX_VALUE);
                bed.volume.release(random);
                bed.loops.run();
            }
        }
        assertArrayEquals(model, bed.volume.bytes);
    }

    private record Range(long cookie, int first, int span) {}

    /** What must be answered: an empty array if no data, and the chunks that have come. */
    private record Expected(int offset, byte[] data, List<Reply> replies) {}

    private static void send(
            TestClient client, Random random, byte[] model, Map<Long, Expected> expected, Range range) {
        int length = 1 + random.nextInt(random.nextBoolean() ? range.span : Math.min(range.span, 8192));
        int offset = range.first + random.nextInt(range.span - length + 1);
        byte[] data = new byte[0];
        int fua = random.nextInt(2) * NBD_CMD_FLAG_FUA;
        switch (random.nextInt(5)) {
            case 0, 1 -> {
                byte[] written = new byte[length];
                random.nextBytes(written);
                System.arraycopy(written, 0, model, offset, length);
                client.connection.feed(client.writeBytes(fua, range.cookie, offset, written));
            }
            case 2 -> {
                Arrays.fill(model, offset, offset + length, (byte) 0);
                int command = random.nextBoolean() ? NBD_CMD_TRIM : NBD_CMD_WRITE_ZEROES;
                client.connection.feed(client.requestBytes(command, fua, range.cookie, offset, length));
            }
            default -> {
                data = Arrays.copyOfRange(model, offset, offset + length);
                int flags = client.structured && random.nextBoolean() ? NBD_CMD_FLAG_DF : 0;
                client.connection.feed(client.requestBytes(NBD_CMD_READ, flags, range.cookie, offset, length));
            }
        }
        expected.put(range.cookie, new Expected(offset, data, new ArrayList<>()));
    }

    /** Takes what has come and returns how many of {@code expected} are answered in full. */
    private static int settled(TestClient client, Map<Long, Expected> expected) {
        client.bed.loops.run();
        for (Reply reply : client.replies()) {
            assertEquals(NBD_OK, reply.error());
            expected.get(reply.cookie()).replies.add(reply);
        }
        int settled = 0;
        for (Expected one : expected.values()) {
            if (one.replies.isEmpty() || !one.replies.getLast().done()) {
                continue;
            }
            settled++;
            byte[] data = one.data.length == 0
                    ? one.replies.getFirst().data()
                    : TestClient.readData(one.replies, one.offset, one.data.length);
            assertArrayEquals(one.data, data);
        }
        return settled;
    }
}
