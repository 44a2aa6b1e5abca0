package dev.holdfast.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.device.Label.Reading;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class LabelTest {
    private static final Id128 CLUSTER = new Id128(0x1111111111111111L, 0x2222222222222222L);
    private static final Id128 POOL = new Id128(0x3333333333333333L, 0x4444444444444444L);
    private static final Id128 DEVICE = new Id128(0x0102030405060708L, 0x090A0B0C0D0E0F10L);

    /** The 120 bytes of a label that are not zero, as format version 1 has written them from its first day. */
    private static final String GOLDEN = "48464c4142454c31" // magic
            + "70b15a22"
            + "01000000" // version
            + "1111111111111111" + "2222222222222222"
            + "3333333333333333" + "4444444444444444"
            + "0807060504030201" + "100f0e0d0c0b0a09"
            + "01000000" + "02000000" // slot 1 of 2
            + "02000000" + "02000000" // mirror of 2
            + "0000100000000000" // log at 1 MiB
            + "0000400000000000" // 4 MiB long
            + "0000500000000000" // data at 5 MiB
            + "0067000000000000" // 26368 blocks
            + "00e8764817000000"; // 100000000000 ms

    private static Label label() {
        Label.Place place = new Label.Place(1, 2, Protection.mirror(2));
        Geometry geometry = Geometry.fit(108 << 20, 4 << 20).orElseThrow();
        return new Label(new Label.Ids(CLUSTER, POOL, DEVICE), place, geometry, 100_000_000_000L);
    }

    private static ByteBuffer encoded() {
        ByteBuffer block = ByteBuffer.allocate(Label.BYTES);
        label().encode(block, 0);
        return block;
    }

    /** The label with {@code value} at {@code at} and a checksum that fits. */
    private static Reading withField(int at, int value) {
        ByteBuffer block = encoded().order(ByteOrder.LITTLE_ENDIAN);
        block.putInt(at, value);
        block.putInt(8, new Crc32c().ofWithoutField(block, 0, Label.BYTES, 8));
        return Label.decode(block, 0);
    }

    @Test
    void theBytesOfFormatOneNeverChange() {
        byte[] expected = new byte[Label.BYTES];
        byte[] head = HexFormat.of().parseHex(GOLDEN);
        System.arraycopy(head, 0, expected, 0, head.length);
        assertEquals(
                HexFormat.of().formatHex(expected),
                HexFormat.of().formatHex(encoded().array()));
    }

    @Test
    void aLabelReadsBackWhereverItLies() {
        ByteBuffer block = ByteBuffer.allocateDirect(3 * Label.BYTES).order(ByteOrder.BIG_ENDIAN);
        label().encode(block, Label.BYTES);
        assertEquals(new Reading.Found(label()), Label.decode(block, Label.BYTES));
        assertEquals(new Reading.Blank(), Label.decode(block, 0));
        assertEquals(new Reading.Blank(), Label.decode(block, 2 * Label.BYTES));
    }

    @Test
    void everyFlippedBitIsNoticed() {
        for (int bit = 0; bit < Label.BYTES * 8; bit++) {
            ByteBuffer block = encoded();
            block.put(bit / 8, (byte) (block.get(bit / 8) ^ 1 << bit % 8));
            assertFalse(Label.decode(block, 0) instanceof Reading.Found, "bit " + bit);
        }
    }

    @Test
    void aNewerFormatIsToldFromDamage() {
        assertEquals(new Reading.Newer(), withField(12, 2));
        assertEquals(new Reading.Damaged(), withField(12, 0));
        ByteBuffer later = encoded();
        later.put(7, (byte) '2');
        assertEquals(new Reading.Newer(), Label.decode(later, 0));
        later.put(7, (byte) 'x');
        assertEquals(new Reading.Foreign(), Label.decode(later, 0));
    }

    @Test
    void numbersThatCanNotBeAreDamageEvenUnderAGoodChecksum() {
        for (int at : new int[] {64, 68, 72, 76, 80, 84, 88, 92, 96, 100, 108}) {
            assertEquals(new Reading.Damaged(), withField(at, -1), "at " + at);
        }
        assertEquals(new Reading.Damaged(), withField(64, 2));
        assertEquals(new Reading.Damaged(), withField(104, 7));
        assertEquals(new Reading.Damaged(), withField(80, 4096));
    }

    @Test
    void oneWholeCopySufficesAndANewerOneGoesBeforeIt() {
        Reading found = new Reading.Found(label());
        Reading damaged = new Reading.Damaged();
        assertEquals(found, new Labels(found, damaged).verdict());
        assertEquals(found, new Labels(damaged, found).verdict());
        assertEquals(found, new Labels(new Reading.Blank(), found).verdict());
        assertEquals(damaged, new Labels(new Reading.Blank(), damaged).verdict());
        assertInstanceOf(Reading.Newer.class, new Labels(found, new Reading.Newer()).verdict());
        assertTrue(new Labels(found, new Reading.Found(label())).agree());
        assertFalse(new Labels(found, damaged).agree());
    }

    @Test
    void protectionsAreReadAndShownAlike() {
        for (String text : new String[] {"single", "mirror:2", "mirror:3"}) {
            assertEquals(text, Protection.parse(text).orElseThrow().toString());
        }
        for (String text : new String[] {"", "mirror", "mirror:", "mirror:1", "mirror:4", "mirror:22", "Single"}) {
            assertEquals(Optional.empty(), Protection.parse(text), text);
        }
    }

    @Test
    void aLayoutFitsTheDiskOrIsRefused() {
        long least = Geometry.leastLengthBytes(4 << 20);
        assertEquals(Optional.empty(), Geometry.fit(least - 4096, 4 << 20));
        Geometry smallest = Geometry.fit(least, 4 << 20).orElseThrow();
        assertEquals(Geometry.LEAST_DATA_BLOCKS, smallest.dataBlocks());
        assertEquals(least, smallest.endBytes());
        assertEquals(5 << 20, smallest.dataOffset());
        Geometry odd = Geometry.fit(1L << 40, (4 << 20) + 4096).orElseThrow();
        assertEquals(6 << 20, odd.dataOffset());
        assertTrue(odd.endBytes() <= 1L << 40);
        assertEquals(odd.dataOffset() + 5 * 4096, odd.offsetOf(5));
    }
}
