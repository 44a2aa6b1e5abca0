package dev.holdfast.mirror.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Seeds;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Greetings have fixed bytes; whatever else comes is found out. */
final class HelloTest {
    private static final Hello HELLO =
            new Hello(new Id128(0x1122334455667788L, 0x99), 2, 3, 0x44, 5, 16, 0x66, Verdict.STALE);

    @Test
    void bytesAreGolden() {
        assertEquals(
                "48464c494e4b5331" + "11c468ba" + "0100" + "0500" + "8877665544332211" + "9900000000000000" + "02000000"
                        + "03000000" + "4400000000000000" + "05000000" + "10000000" + "6600000000000000",
                HexFormat.of().formatHex(bytesOf(HELLO)));
    }

    private static byte[] bytesOf(Hello hello) {
        ByteBuffer out = ByteBuffer.allocate(Hello.BYTES);
        hello.put(out);
        assertEquals(ByteOrder.BIG_ENDIAN, out.order());
        assertEquals(0, out.remaining());
        return out.array();
    }

    /** Puts the checksum right. */
    static ByteBuffer seal(ByteBuffer bytes) {
        int checksum = new Crc32c().of(bytes, 12, 52);
        return bytes.putInt(8, Integer.reverseBytes(checksum));
    }

    @Test
    void whatIsSaidIsUnderstood() {
        ByteBuffer in =
                ByteBuffer.allocate(70).put(new byte[3]).put(bytesOf(HELLO)).position(3);
        assertEquals(new Hello.Greeting.Said(HELLO), Hello.take(in));
        assertEquals(3 + Hello.BYTES, in.position());
        Hello refusal = Hello.refusal(Verdict.WRONG_NODE);
        assertEquals(new Hello.Greeting.Said(refusal), Hello.take(ByteBuffer.wrap(bytesOf(refusal))));
    }

    @Test
    void everyCutIsIncomplete() {
        for (int length = 0; length < Hello.BYTES; length++) {
            ByteBuffer in = ByteBuffer.wrap(bytesOf(HELLO), 0, length);
            assertInstanceOf(Hello.Greeting.Incomplete.class, Hello.take(in));
            assertEquals(0, in.position());
        }
    }

    @Test
    void everyChangedBitIsNoticed() {
        for (int bit = 0; bit < 8 * Hello.BYTES; bit++) {
            byte[] bytes = bytesOf(HELLO);
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
            assertInstanceOf(Hello.Greeting.Malformed.class, Hello.take(ByteBuffer.wrap(bytes)), "bit " + bit);
        }
    }

    @Test
    void otherVersionsAndVerdictsAreNotGuessed() {
        ByteBuffer later = seal(ByteBuffer.wrap(bytesOf(HELLO)).put(13, (byte) 1));
        assertEquals(new Hello.Greeting.OtherVersion(257), Hello.take(later));
        ByteBuffer unknown = seal(ByteBuffer.wrap(bytesOf(HELLO)).put(14, (byte) 6));
        assertInstanceOf(Hello.Greeting.Malformed.class, Hello.take(unknown));
    }

    @Test
    void whateverComesIsAnswered() {
        Seeds.each(20, seed -> {
            Random random = new Random(seed);
            for (int round = 0; round < 500; round++) {
                byte[] bytes = bytesOf(HELLO);
                for (int i = random.nextInt(4); i >= 0; i--) {
                    bytes[12 + random.nextInt(52)] = (byte) random.nextInt();
                }
                ByteBuffer in = seal(ByteBuffer.wrap(bytes));
                if (Hello.take(in) instanceof Hello.Greeting.Said said) {
                    assertEquals(HexFormat.of().formatHex(bytes), HexFormat.of().formatHex(bytesOf(said.hello())));
                }
            }
        });
    }
}
