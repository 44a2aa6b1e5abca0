package dev.holdfast.mirror.wire;

import dev.holdfast.mirror.History;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.KeptSnapshots;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is said about images has fixed bytes, and nothing else is that. */
final class ImageFrameTest {
    private static final Message.Route ROUTE = new Message.Route(new Member(1, 4), new Member(0, 0x55), 7);
    private static final ImagePiece PIECE = new ImagePiece(
            5,
            9,
            List.of(
                    new ImagePiece.Run(ImagePiece.Kind.BYTES, 5, 1),
                    new ImagePiece.Run(ImagePiece.Kind.ZEROES, 6, 2),
                    new ImagePiece.Run(ImagePiece.Kind.ERRORS, 8, 1)),
            filled());
    static final Message IMAGE = new Message.Image(ROUTE, 0x30, new Position(6, 0x40), 0x9000, PIECE);
    static final Message END = new Message.ImageEnd(
            ROUTE,
            0x30,
            new Position(6, 0x40),
            new History(List.of(new History.Run(1, 1), new History.Run(6, 0x35))),
            new KeptSnapshots(List.of(2L, 6L, 7L), 7, "\u00e4"));
    static final Message LAID = new Message.Laid(ROUTE, new Position(6, 0x40), 9, true);

    private static ByteBuffer filled() {
        byte[] bytes = new byte[ImagePiece.BLOCK_BYTES];
        Arrays.fill(bytes, (byte) 0xAB);
        return ByteBuffer.wrap(bytes);
    }

    @Test
    void bytesAreGolden() {
        FrameTest.golden(
                "18534073a8100000060003000300000007000000000000000400000000000000"
                        + "5500000000000000300000000000000006000000001000004000000000000000"
                        + "0090000000000000050000000000000009000000000000009341379400000000"
                        + "0100000000000000050000000000000001000000000000000200000000000000"
                        + "0600000000000000020000000000000003000000000000000800000000000000"
                        + "0100000000000000" + "ab".repeat(4096),
                IMAGE);
        FrameTest.golden(
                "1dfac544a0030000070003000300000007000000000000000400000000000000"
                        + "5500000000000000300000000000000006000000020002004000000000000000"
                        + "0700000000000000" + "c3a4" + "00".repeat(62)
                        + "010000000100000000000000060000003500000000000000" + "00".repeat(62 * 12)
                        + "020000000000000006000000000000000700000000000000",
                END);
        FrameTest.golden(
                "19ab75f640000000080000000300000007000000000000000400000000000000"
                        + "5500000000000000060000000000000040000000000000000900000000000000",
                LAID);
    }

    @Test
    void whatNoImageCanSayIsMalformed() {
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(40, 0x40));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(40, -1));
        FrameTest.malformed(IMAGE, bytes -> bytes.putInt(48, 0));
        FrameTest.malformed(IMAGE, bytes -> bytes.putInt(52, 4095));
        FrameTest.malformed(IMAGE, bytes -> bytes.putInt(52, -1));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(64, 0x8000));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(64, Long.MAX_VALUE));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(72, 6));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(72, -1));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(80, 8));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(80, 10));
        FrameTest.malformed(IMAGE, bytes -> bytes.putInt(88, 1));
        FrameTest.malformed(IMAGE, bytes -> bytes.putInt(92, 1));
        FrameTest.malformed(IMAGE, bytes -> bytes.put(96 + 72, (byte) 1));
    }

    @Test
    void whatNoRunCanSayIsMalformed() {
        FrameTest.malformed(IMAGE, bytes -> bytes.putInt(96, 0));
        FrameTest.malformed(IMAGE, bytes -> bytes.putInt(96, 2));
        FrameTest.malformed(IMAGE, bytes -> bytes.putInt(96, 4));
        FrameTest.malformed(IMAGE, bytes -> bytes.putInt(100, 1));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(104, 4));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(104, Long.MAX_VALUE));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(112, 2));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(112, 0));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(128, 5));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(136, -1));
        FrameTest.malformed(IMAGE, bytes -> bytes.putLong(160, Long.MAX_VALUE));
    }

    @Test
    void whatNoEndCanSayIsMalformed() {
        FrameTest.malformed(END, bytes -> bytes.putLong(40, 0x40));
        FrameTest.malformed(END, bytes -> bytes.putInt(48, 5));
        FrameTest.malformed(END, bytes -> bytes.putShort(52, (short) 0));
        FrameTest.malformed(END, bytes -> bytes.putShort(52, (short) 1));
        FrameTest.malformed(END, bytes -> bytes.putShort(52, (short) 3));
        FrameTest.malformed(END, bytes -> bytes.putShort(52, (short) 65));
        FrameTest.malformed(END, bytes -> bytes.putShort(52, (short) -1));
        FrameTest.malformed(END, bytes -> bytes.putLong(56, 0x34));
        FrameTest.malformed(END, bytes -> bytes.putLong(56, (1L << 62) + 1));
        FrameTest.malformed(END, bytes -> bytes.putInt(136, 6));
        FrameTest.malformed(END, bytes -> bytes.put(903, (byte) 1));
        FrameTest.malformed(END, bytes -> bytes.putShort(10, (short) 2));
    }

    @Test
    void snapshotsThatCannotBeAreMalformed() {
        FrameTest.malformed(END, bytes -> bytes.putLong(64, 5));
        FrameTest.malformed(END, bytes -> bytes.putLong(64, 0));
        FrameTest.malformed(END, bytes -> bytes.putLong(64, -1));
        FrameTest.malformed(END, bytes -> bytes.putShort(54, (short) 65));
        FrameTest.malformed(END, bytes -> bytes.putShort(54, (short) -1));
        FrameTest.malformed(END, bytes -> bytes.putShort(54, (short) 1));
        FrameTest.malformed(END, bytes -> bytes.put(72, (byte) 0xFF));
        FrameTest.malformed(END, bytes -> bytes.put(135, (byte) 'a'));
        FrameTest.malformed(END, bytes -> bytes.putLong(904, 6));
        FrameTest.malformed(END, bytes -> bytes.putLong(904, 0));
        FrameTest.malformed(END, bytes -> bytes.putLong(920, 6));
    }

    @Test
    void whatNoAnswerCanSayIsMalformed() {
        FrameTest.malformed(LAID, bytes -> bytes.putInt(40, -1));
        FrameTest.malformed(LAID, bytes -> bytes.putInt(44, 2));
        FrameTest.malformed(LAID, bytes -> bytes.putInt(44, -1));
        FrameTest.malformed(LAID, bytes -> bytes.putLong(48, -1));
        FrameTest.malformed(LAID, bytes -> bytes.putLong(48, (1L << 62) + 1));
        FrameTest.malformed(LAID, bytes -> bytes.putLong(56, -1));
        FrameTest.malformed(LAID, bytes -> bytes.putLong(56, (1L << 50) + 1));
    }
}
