package dev.holdfast.mirror.wire;

import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Messages about a block that rots: golden bytes, and what is none of them. */
final class BlockFrameTest {
    private static final Message.Route ROUTE = new Message.Route(new Member(1, 4), new Member(0, 0x55), 7);
    static final Message WANT = new Message.Want(ROUTE, 0x2000, 0xA1B2C3D4);
    static final Message NOTHING = new Message.Block(ROUTE, 0x2000, 0xA1B2C3D4, ByteBuffer.allocate(0));
    private static final Message BLOCK = new Message.Block(ROUTE, 0x2000, 0xA1B2C3D4, bytes());

    private static ByteBuffer bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(4096);
        for (int at = 0; at < 4096; at++) {
            bytes.put((byte) (at * 7));
        }
        return bytes.flip();
    }

    @Test
    void bytesAreGolden() {
        FrameTest.golden(
                "8a03075b380000000c00000003000000070000000000000004000000000000005500000000000000"
                        + "0020000000000000d4c3b2a100000000",
                WANT);
        FrameTest.golden(
                "60ebf395400000000d00000003000000070000000000000004000000000000005500000000000000"
                        + "0020000000000000d4c3b2a1000000000000000000000000",
                NOTHING);
        FrameTest.golden(
                "8cd7716e401000000d00010003000000070000000000000004000000000000005500000000000000"
                        + "0020000000000000d4c3b2a1000000006f3a14c000000000"
                        + HexFormat.of().formatHex(bytes().array()),
                BLOCK);
    }

    @Test
    void whatCannotBeWantedIsMalformed() {
        FrameTest.malformed(WANT, bytes -> bytes.putLong(40, -1));
        FrameTest.malformed(WANT, bytes -> bytes.putLong(40, Long.MAX_VALUE));
        FrameTest.malformed(WANT, bytes -> bytes.putInt(52, 1));
        FrameTest.malformed(WANT, bytes -> bytes.putShort(10, (short) 1));
    }

    @Test
    void whatCannotBeGivenIsMalformed() {
        FrameTest.malformed(BLOCK, bytes -> bytes.putLong(40, -1));
        FrameTest.malformed(BLOCK, bytes -> bytes.putInt(52, 1));
        FrameTest.malformed(BLOCK, bytes -> bytes.putInt(60, 1));
        FrameTest.malformed(BLOCK, bytes -> bytes.putShort(10, (short) 2));
        FrameTest.malformed(BLOCK, bytes -> bytes.putShort(10, (short) 0));
        FrameTest.malformed(NOTHING, bytes -> bytes.putShort(10, (short) 1));
        FrameTest.malformed(NOTHING, bytes -> bytes.putInt(56, 1));
    }

    @Test
    void bytesThatAreNotWhatWasSentAreNotHandedOver() {
        FrameTest.malformed(BLOCK, bytes -> bytes.put(64 + 4095, (byte) 0));
    }
}
