package dev.holdfast.mirror.wire;

import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes by which replicas are compared, and what is refused of them. */
final class CompareFrameTest {
    private static final Message.Route ROUTE = new Message.Route(new Member(1, 4), new Member(2, 0x55), 7);
    private static final Message.Ranges RANGES = new Message.Ranges(9, 0x2000, 4096, 2, true);
    private static final Message ASK = new Message.Compare(ROUTE, RANGES);
    private static final Message ANSWER = new Message.Digests(
            ROUTE,
            RANGES,
            new Position(6, 0x40),
            0x9000,
            List.of(new Message.Digest(0x0102030405060708L, 3), new Message.Digest(0, 0)));

    @Test
    void bytesAreGolden() {
        FrameTest.golden(
                "d95ff88c400000000a000000030000000700000000000000040000000000000055000000000000000900000000000000"
                        + "00200000000000000010000002000100",
                ASK);
        FrameTest.golden(
                "8d98fbba700000000b000200030000000700000000000000040000000000000055000000000000000900000000"
                        + "00000000200000000000000010000002000100060000000000000040000000000000000090000000"
                        + "000000080706050403020103000000000000000000000000000000",
                ANSWER);
    }

    @Test
    void whatCannotBeAskedIsMalformed() {
        FrameTest.malformed(ASK, bytes -> bytes.putLong(40, 0));
        FrameTest.malformed(ASK, bytes -> bytes.putLong(48, -1));
        FrameTest.malformed(ASK, bytes -> bytes.putLong(48, Long.MAX_VALUE));
        FrameTest.malformed(ASK, bytes -> bytes.putInt(56, 0));
        FrameTest.malformed(ASK, bytes -> bytes.putInt(56, 4097));
        FrameTest.malformed(ASK, bytes -> bytes.putShort(60, (short) 0));
        FrameTest.malformed(ASK, bytes -> bytes.putShort(60, (short) 513));
        FrameTest.malformed(ASK, bytes -> bytes.putShort(60, (short) -1));
        FrameTest.malformed(ASK, bytes -> bytes.put(62, (byte) 2));
        FrameTest.malformed(ASK, bytes -> bytes.put(63, (byte) 1));
    }

    @Test
    void whatCannotBeAnsweredIsMalformed() {
        FrameTest.malformed(ANSWER, bytes -> bytes.putShort(60, (short) 1));
        FrameTest.malformed(ANSWER, bytes -> bytes.putInt(64, -1));
        FrameTest.malformed(ANSWER, bytes -> bytes.putInt(68, 1));
        FrameTest.malformed(ANSWER, bytes -> bytes.putLong(72, -1));
        FrameTest.malformed(ANSWER, bytes -> bytes.putLong(80, -1));
        FrameTest.malformed(ANSWER, bytes -> bytes.putInt(96, 4097));
        FrameTest.malformed(ANSWER, bytes -> bytes.putInt(96, -1));
    }
}
