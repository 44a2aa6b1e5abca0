package dev.holdfast.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.device.Label.Reading;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class LabelTest {
    private static final Id128 CLUSTER = new Id128(0x1111111111111111L, 0x2222222222222222L);
    private static final Id128 POOL = new Id128(0x3333333333333333L, 0x4444444444444444L);
    private static final Id128 DEVICE = new Id128(0x0102030405060708L, 0x090A0B0C0D0E0F10L);

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

    /** The stored bytes: rows of 16 that are not all zero. */
    private static ByteBuffer golden() throws IOException {
        ByteBuffer block = ByteBuffer.allocate(Label.BYTES);
        try (InputStream in = LabelTest.class.getResourceAsStream("/golden/device/label-v1.hex")) {
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            for (String line : text.lines().toList()) {
                byte[] row = HexFormat.ofDelimiter(" ").parseHex(line.substring(8));
                block.put(Integer.parseInt(line.substring(0, 6), 16), row);
            }
        }
        return block;
    }

    @Test
    void theBytesOfFormatOneNeverChange() throws IOException {
        assertEquals(
                HexFormat.of().formatHex(golden().array()),
                HexFormat.of().formatHex(encoded().array()));
        assertEquals(new Reading.Found(label()), Label.decode(golden(), 0));
    }

    @Test
    void thePoolsNameStandsBehindTheRestAndMayBeAbsent() {
        Label plain = label();
        Label named = new Label(plain.ids(), plain.place(), plain.geometry(), plain.createdMillis(), "m\u00e4in");
        ByteBuffer block = ByteBuffer.allocate(Label.BYTES);
        named.encode(block, 0);
        assertEquals("05000000" + "6dc3a4696e" + "000000", HexFormat.of().formatHex(block.array(), 120, 132));
        assertEquals(new Reading.Found(named), Label.decode(block, 0));
        assertEquals(new Reading.Found(plain), withField(120, 65), "a length that can't be");
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
