package dev.holdfast.frontend.nbd.client;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Request.Kind;
import dev.holdfast.block.Status;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the NBD client takes for an answer, and seeded input for {@link NbdClientFuzz}. */
final class NbdClientFuzzTest {
    private static final int ROUNDS = 250;
    private static final int LENGTH = NbdClientFuzz.READ_BYTES;

    private final ByteBuffer said = ByteBuffer.allocate(1 << 20).put((byte) 1);

    private void simple(Kind kind, int error) {
        said.putInt(NBD_SIMPLE_REPLY_MAGIC).putInt(error).putLong(NbdClientFuzz.cookie(kind));
    }

    private ByteBuffer chunk(Kind kind, int flags, int type, int payloadBytes) {
        said.putInt(NBD_STRUCTURED_REPLY_MAGIC).putShort((short) flags).putShort((short) type);
        return said.putLong(NbdClientFuzz.cookie(kind)).putInt(payloadBytes);
    }

    private void goodReplies() {
        chunk(Kind.READ, 1, NBD_REPLY_TYPE_OFFSET_DATA, 8 + LENGTH)
                .putLong(4096)
                .put(new byte[LENGTH]);
        simple(Kind.WRITE, NBD_OK);
        simple(Kind.FLUSH, NBD_ESHUTDOWN);
        simple(Kind.TRIM, NBD_EPERM);
        chunk(Kind.ZERO, 1, NBD_REPLY_TYPE_ERROR, 6 + 2)
                .putInt(NBD_ENOSPC)
                .putShort((short) 2)
                .putShort((short) 0x4141);
        chunk(Kind.CACHE, 1, NBD_REPLY_TYPE_NONE, 0);
        chunk(Kind.EXTENTS, 1, NBD_REPLY_TYPE_BLOCK_STATUS, 4 + 16).putInt(1);
        said.putInt(4000).putInt(0).putInt(1000).putInt(3);
    }

    private NbdClientFuzz.Outcome outcome() {
        return NbdClientFuzz.fuzz(Arrays.copyOf(said.array(), said.position()));
    }

    @Test
    void everyKindOfAnswerIsTaken() {
        goodReplies();
        List<Status> expected =
                List.of(Status.OK, Status.OK, Status.MOVED, Status.READ_ONLY, Status.NO_SPACE, Status.OK, Status.OK);
        assertEquals(expected.stream().map(Optional::of).toList(), outcome().answers());
    }

    @Test
    void anAnswerThatIsNotWhatWasAskedForEndsTheConnection() {
        List<Runnable> wrong = List.of(
                () -> simple(Kind.READ, NBD_OK),
                () -> simple(Kind.EXTENTS, NBD_OK),
                () -> chunk(Kind.READ, 0, NBD_REPLY_TYPE_OFFSET_DATA, 8 + LENGTH)
                        .putLong(4096)
                        .put(new byte[LENGTH]),
                () -> chunk(Kind.READ, 1, NBD_REPLY_TYPE_OFFSET_DATA, 9 + LENGTH)
                        .putLong(4096)
                        .put(new byte[LENGTH + 1]),
                () -> chunk(Kind.READ, 1, NBD_REPLY_TYPE_OFFSET_DATA, 8 + LENGTH)
                        .putLong(4097)
                        .put(new byte[LENGTH]),
                () -> chunk(Kind.READ, 1, NBD_REPLY_TYPE_OFFSET_HOLE, 12)
                        .putLong(4096)
                        .putInt(LENGTH - 1),
                () -> chunk(Kind.READ, 1, NBD_REPLY_TYPE_NONE, 0),
                () -> chunk(Kind.WRITE, 1, NBD_REPLY_TYPE_OFFSET_HOLE, 12)
                        .putLong(4096)
                        .putInt(LENGTH),
                () -> chunk(Kind.EXTENTS, 1, NBD_REPLY_TYPE_BLOCK_STATUS, 12)
                        .putInt(2)
                        .putInt(1)
                        .putInt(0),
                () -> chunk(Kind.EXTENTS, 1, NBD_REPLY_TYPE_BLOCK_STATUS, 12)
                        .putInt(1)
                        .putInt(0)
                        .putInt(0),
                () -> chunk(Kind.EXTENTS, 1, NBD_REPLY_TYPE_BLOCK_STATUS, 4).putInt(1),
                () -> chunk(Kind.WRITE, 1, NBD_REPLY_TYPE_ERROR, 6).putInt(0).putShort((short) 0),
                () -> chunk(Kind.WRITE, 1, NBD_REPLY_TYPE_ERROR, 1 << 20),
                () -> chunk(Kind.WRITE, 1, 77, 0),
                () -> said.putInt(NBD_SIMPLE_REPLY_MAGIC).putInt(0).putLong(77),
                () -> said.putInt(NBD_REQUEST_MAGIC).put(new byte[12]));
        for (int i = 0; i < wrong.size(); i++) {
            said.position(1);
            wrong.get(i).run();
            List<Optional<Status>> answers = outcome().answers();
            assertEquals(Kind.values().length, answers.size());
            assertTrue(answers.stream().allMatch(Optional.of(Status.MOVED)::equals), "answer " + i);
        }
    }

    @Test
    void aSecondAnswerEndsTheConnection() {
        simple(Kind.WRITE, NBD_OK);
        simple(Kind.WRITE, NBD_OK);
        List<Optional<Status>> answers = outcome().answers();
        assertEquals(Optional.of(Status.OK), answers.get(Kind.WRITE.ordinal()));
        assertEquals(Optional.of(Status.MOVED), answers.get(Kind.TRIM.ordinal()));
    }

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
    void damagedHandshakesHarmNobody(long seed) {
        Random random = new Random(seed);
        byte[] welcome = NbdClientFuzz.welcome();
        for (int round = 0; round < ROUNDS; round++) {
            byte[] input = new byte[1 + welcome.length];
            System.arraycopy(welcome, 0, input, 1, welcome.length);
            input[0] = (byte) (random.nextInt() & ~1);
            run(seed, round, damaged(random, input));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 20_261_123})
    void damagedRepliesHarmNobody(long seed) {
        Random random = new Random(seed);
        goodReplies();
        byte[] good = Arrays.copyOf(said.array(), said.position());
        for (int round = 0; round < ROUNDS; round++) {
            byte[] input = good.clone();
            input[0] = (byte) (random.nextInt() | 1);
            run(seed, round, damaged(random, input));
        }
    }

    private static void run(long seed, int round, byte[] input) {
        try {
            NbdClientFuzz.fuzz(input);
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError("seed " + seed + ", round " + round, failure);
        }
    }

    /** With some bytes changed, most of them in heads, sometimes without its end. */
    private static byte[] damaged(Random random, byte[] input) {
        int[] heads = {1, 1 + 28 + LENGTH};
        for (int i = random.nextInt(4); i >= 0; i--) {
            int from = heads[random.nextInt(heads.length)];
            int at = random.nextInt(3) == 0 ? random.nextInt(input.length) : from + random.nextInt(100);
            input[Math.clamp(at, 1, input.length - 1)] = (byte) random.nextInt();
        }
        return random.nextInt(4) > 0 ? input : Arrays.copyOf(input, 1 + random.nextInt(input.length));
    }
}
