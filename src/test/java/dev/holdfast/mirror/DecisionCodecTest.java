package dev.holdfast.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Decisions have fixed bytes; what has not is nothing. */
final class DecisionCodecTest {
    private static final Decision STARTED =
            new Decision.Started(2, 0x1122334455667788L, 3, new Decision.Found(1, new Position(6, 99)));
    private static final Decision SET =
            new Decision.NewSet(new ReplicaSet(5, new Member(1, 4), List.of(new Member(1, 4), new Member(0, 2))));

    private static final Decision ACTS = new Decision.Acts(5, new Member(1, 4));

    @Test
    void bytesAreGolden() {
        assertEquals(
                "010200000088776655443322110300000000000000010000000000000006000000" + "6300000000000000",
                HexFormat.of().formatHex(DecisionCodec.encode(STARTED)));
        assertEquals(
                "02050000000201000000040000000000000000000000" + "0200000000000000",
                HexFormat.of().formatHex(DecisionCodec.encode(SET)));
        assertEquals("03050000000100000004" + "00000000000000", HexFormat.of().formatHex(DecisionCodec.encode(ACTS)));
    }

    @Test
    void whatIsEncodedIsDecoded() {
        assertEquals(Optional.of(STARTED), DecisionCodec.decode(ByteBuffer.wrap(DecisionCodec.encode(STARTED))));
        assertEquals(Optional.of(ACTS), DecisionCodec.decode(ByteBuffer.wrap(DecisionCodec.encode(ACTS))));
        assertEquals(Optional.of(SET), DecisionCodec.decode(ByteBuffer.wrap(DecisionCodec.encode(SET))));
    }

    @Test
    void everyCutIsNothing() {
        for (Decision decision : List.of(STARTED, SET, ACTS)) {
            byte[] bytes = DecisionCodec.encode(decision);
            for (int length = 0; length < bytes.length; length++) {
                assertTrue(
                        DecisionCodec.decode(ByteBuffer.wrap(bytes, 0, length)).isEmpty());
            }
        }
    }

    @Test
    void anyBytesAreADecisionOrNothing() {
        Random random = new Random(1);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            if (bytes.length > 0) {
                bytes[0] = (byte) random.nextInt(5);
            }
            if (bytes.length > 5) {
                bytes[5] = (byte) random.nextInt(6);
            }
            DecisionCodec.decode(ByteBuffer.wrap(bytes));
        }
    }
}
