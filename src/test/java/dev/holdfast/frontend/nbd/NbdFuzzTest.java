package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.HandshakeWire.*;
import static dev.holdfast.frontend.nbd.TransmissionWire.*;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Seeded input for {@link NbdFuzz}. To repeat a failure put the seed it prints into {@code @ValueSource}. */
final class NbdFuzzTest {
    private static final int ROUNDS = 300;

    @ParameterizedTest
    @ValueSource(longs = {1, 20_261_121})
    void noiseHarmsNobody(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] input = new byte[1 + random.nextInt(300)];
            random.nextBytes(input);
            run(seed, round, input);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {2, 20_261_122})
    void damagedOptionsHarmNobody(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            ByteBuffer input = ByteBuffer.allocate(1 << 18);
            input.put((byte) (random.nextInt() & ~1));
            input.putInt(random.nextInt(20) == 0 ? random.nextInt() : 3);
            for (int i = random.nextInt(20); i >= 0; i--) {
                input.put(option(random));
            }
            run(seed, round, damaged(random, input));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 20_261_123})
    void damagedRequestsHarmNobody(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            ByteBuffer input = ByteBuffer.allocate(1 << 20);
            input.put((byte) (random.nextInt() | 1));
            for (int i = random.nextInt(40); i >= 0; i--) {
                request(random, input);
            }
            run(seed, round, damaged(random, input));
        }
    }

    private static void run(long seed, int round, byte[] input) {
        try {
            NbdFuzz.fuzz(input);
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError("seed " + seed + ", round " + round, failure);
        }
    }

    private static byte[] option(Random random) {
        String[] names = {"demo", "", "none", "de\0mo", "n".repeat(4097)};
        String[] queries = {"base:allocation", "base:", "x:y", "nonsense", ""};
        int option = random.nextInt(13);
        byte[] data = switch (option) {
            case NBD_OPT_EXPORT_NAME -> TestClient.text(names[random.nextInt(names.length)]);
            case NBD_OPT_INFO, NBD_OPT_GO ->
                TestClient.infoData(names[random.nextInt(names.length)], random.nextInt(5), random.nextInt(1 << 16));
            case NBD_OPT_LIST_META_CONTEXT, NBD_OPT_SET_META_CONTEXT ->
                TestClient.metaContextData(
                        names[random.nextInt(names.length)], queries[random.nextInt(queries.length)]);
            default -> new byte[random.nextInt(3)];
        };
        return TestClient.optionBytes(option, data);
    }

    private static void request(Random random, ByteBuffer out) {
        int command = random.nextInt(9);
        long offset = random.nextInt(8) == 0 ? random.nextLong() : random.nextInt(NbdFuzz.DISK_BYTES);
        int length = switch (random.nextInt(8)) {
            case 0 -> random.nextInt();
            case 1 -> random.nextInt(4 << 20);
            default -> random.nextInt(10_000);
        };
        int flags = random.nextInt(3) == 0 ? random.nextInt(1 << 6) : 0;
        out.putInt(NBD_REQUEST_MAGIC).putShort((short) flags).putShort((short) command);
        out.putLong(random.nextLong()).putLong(offset).putInt(length);
        if (command == NBD_CMD_WRITE && length > 0 && length < 10_000) {
            out.put(new byte[length]);
        }
    }

    /** What was written to {@code input}, sometimes with a few bytes changed or the end missing. */
    private static byte[] damaged(Random random, ByteBuffer input) {
        byte[] bytes = Arrays.copyOf(input.array(), input.position());
        for (int i = random.nextInt(4) - 1; i > 0; i--) {
            bytes[1 + random.nextInt(bytes.length - 1)] = (byte) random.nextInt();
        }
        return random.nextBoolean() ? bytes : Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length));
    }
}
