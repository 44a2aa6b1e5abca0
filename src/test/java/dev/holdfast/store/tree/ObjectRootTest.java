package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Violation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class ObjectRootTest {
    private static final BlockPointer POINTER =
            new BlockPointer(0x0102030405060708L, 0x1112131415161718L, 0xA1A2A3A4, Pointers.PRESENT, 77);
    private static final String GOLDEN = "0807060504030201" + "1817161514131211" + "a4a3a2a1" + "01" + "00" + "0000"
            + "4d00000000000000" + "03000000" + "00000000" + "0040000000000000";

    private final ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);

    @Test
    void anObjectRootHasItsGoldenBytes() {
        ObjectRoot root = new ObjectRoot(POINTER, 3, 16384);
        root.write(bytes, 8);
        assertEquals(GOLDEN, HexFormat.of().formatHex(bytes.array(), 8, 8 + ObjectRoot.SIZE));
        assertTrue(ObjectRoot.isValid(bytes, 8));
        assertEquals(root, ObjectRoot.read(bytes, 8));
    }

    @Test
    void aHoleIsAllZero() {
        bytes.put(0, new byte[64]);
        assertEquals(ObjectRoot.EMPTY, ObjectRoot.read(bytes, 0));
        assertTrue(BlockPointer.read(bytes, 0).isHole());
    }

    @Test
    void bytesOfTheWrongShapeAreNoRoot() {
        record Damage(int at, int value) {}
        for (Damage damage : new Damage[] {
            new Damage(20, 2), new Damage(20, 3), new Damage(20, 0), new Damage(21, 1), new Damage(22, 1),
            new Damage(7, 0x80), new Damage(15, 0x80), new Damage(31, 0x80), new Damage(32, 0), new Damage(32, 8),
            new Damage(35, 0x80), new Damage(36, 1), new Damage(47, 0x80), new Damage(46, 1)
        }) {
            bytes.put(0, HexFormat.of().parseHex(GOLDEN));
            assertTrue(ObjectRoot.isValid(bytes, 0));
            bytes.put(damage.at(), (byte) damage.value());
            assertFalse(ObjectRoot.isValid(bytes, 0), damage.toString());
            assertThrows(Violation.class, () -> ObjectRoot.read(bytes, 0));
        }
    }

    @Test
    void aRootPointerMayBeUnreadable() {
        new ObjectRoot(new BlockPointer(0, 9, 0, Pointers.UNREADABLE, 0), 2, 100).write(bytes, 0);
        assertTrue(ObjectRoot.isValid(bytes, 0));
        bytes.putInt(32, 0);
        assertFalse(ObjectRoot.isValid(bytes, 0));
    }

    @Test
    void eachHeightReaches128TimesTheOneBelow() {
        assertEquals(0, ObjectRoot.capacity(0));
        assertEquals(1, ObjectRoot.capacity(1));
        assertEquals(128, ObjectRoot.capacity(2));
        assertEquals(1L << 42, ObjectRoot.capacity(ObjectRoot.MAX_HEIGHT));
        assertEquals(1, ObjectRoot.heightFor(0));
        assertEquals(2, ObjectRoot.heightFor(1));
        assertEquals(2, ObjectRoot.heightFor(127));
        assertEquals(3, ObjectRoot.heightFor(128));
        assertEquals(7, ObjectRoot.heightFor(ObjectRoot.MAX_BLOCKS - 1));
        assertThrows(Violation.class, () -> ObjectRoot.heightFor(ObjectRoot.MAX_BLOCKS));
    }
}
