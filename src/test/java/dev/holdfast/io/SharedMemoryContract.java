package dev.holdfast.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@link SharedMemory} and {@link MemoryRegion} promise; every world has a subclass. */
public abstract class SharedMemoryContract {
    private static final int PAGE = 4096;
    private static final int LENGTH = 64 * PAGE;

    private WorldDriver driver;
    private SharedMemory memory;

    /** A fresh world. */
    protected abstract WorldDriver newDriver();

    /** A place of that world that exists and is empty; the same in every call. */
    protected abstract String place();

    @BeforeEach
    void makeWorld() {
        driver = newDriver();
        memory = driver.world().sharedMemory(place());
    }

    @AfterEach
    void closeWorld() {
        driver.close();
    }

    @Test
    void aNewRegionIsZeroLittleEndianDirectAndAligned() throws WorldException {
        try (MemoryRegion region = memory.open("fresh", LENGTH)) {
            ByteBuffer bytes = region.bytes();
            assertTrue(region.isNew());
            assertTrue(region.isLinked());
            assertTrue(bytes.isDirect());
            assertEquals(ByteOrder.LITTLE_ENDIAN, bytes.order());
            assertEquals(LENGTH, bytes.capacity());
            assertEquals(0, bytes.alignmentOffset(0, PAGE));
            assertTrue(bytes.equals(ByteBuffer.allocate(LENGTH)));
            assertSame(bytes, region.bytes());
        }
    }

    @Test
    void whatWasStoredIsThereWhenTheRegionIsOpenedAgain() throws WorldException {
        try (MemoryRegion region = memory.open("kept", LENGTH)) {
            region.bytes().putLong(0, 42).putLong(LENGTH - 8, 43);
        }
        try (MemoryRegion region = driver.world().sharedMemory(place()).open("kept", LENGTH)) {
            assertFalse(region.isNew());
            assertTrue(region.isLinked());
            assertEquals(42, region.bytes().getLong(0));
            assertEquals(43, region.bytes().getLong(LENGTH - 8));
        }
    }

    @Test
    void aRegionOfAnotherLengthIsMadeAnewOnlyIfItHoldsNothing() throws WorldException {
        for (int length : new int[] {2 * LENGTH, PAGE, LENGTH}) {
            try (MemoryRegion region = memory.open("resized", length)) {
                assertTrue(region.isNew());
                assertEquals(length, region.bytes().capacity());
                assertEquals(0, region.bytes().getLong(0));
            }
        }
        try (MemoryRegion region = memory.open("resized", LENGTH)) {
            region.bytes().put(LENGTH - 1, (byte) 1);
        }
        assertThrows(WorldException.class, () -> memory.open("resized", 2 * LENGTH));
        assertThrows(WorldException.class, () -> memory.open("resized", PAGE));
        try (MemoryRegion region = memory.open("resized", LENGTH)) {
            assertEquals(1, region.bytes().get(LENGTH - 1));
        }
    }

    @Test
    void aRegionThatIsRemovedIsNewTheNextTime() throws WorldException {
        MemoryRegion region = memory.open("removed", LENGTH);
        region.bytes().putLong(0, 42);
        region.remove();
        region.remove();
        try (MemoryRegion next = memory.open("removed", LENGTH)) {
            assertTrue(next.isNew());
            assertEquals(0, next.bytes().getLong(0));
        }
    }

    @Test
    void aRegionThatIsSetAsideIsKeptUnderAnotherNameEachTime() throws WorldException {
        List<String> names = new ArrayList<>();
        for (long round = 1; round <= 2; round++) {
            MemoryRegion region = memory.open("aside", LENGTH);
            assertTrue(region.isNew());
            region.bytes().putLong(0, round);
            names.add(region.setAside());
        }
        for (int round = 1; round <= 2; round++) {
            String name = names.get(round - 1);
            try (MemoryRegion kept = memory.open(name.substring(name.lastIndexOf("aside.aside")), LENGTH)) {
                assertEquals(round, kept.bytes().getLong(0));
            }
        }
    }

    @Test
    void aRegionIsFoundAtTheLengthItHasAndNeverMade() throws WorldException {
        assertTrue(memory.find("absent").isEmpty());
        memory.open("found", LENGTH).close();
        try (MemoryRegion region = memory.find("found").orElseThrow()) {
            assertFalse(region.isNew());
            assertEquals(LENGTH, region.bytes().capacity());
            region.bytes().putLong(0, 5);
            assertThrows(WorldException.class, () -> memory.find("found"));
        }
        try (MemoryRegion region = memory.open("found", LENGTH)) {
            assertEquals(5, region.bytes().getLong(0));
        }
        assertTrue(memory.find("absent").isEmpty());
    }

    @Test
    void regionsOfDifferentNamesAreDifferentMemory() throws WorldException {
        try (MemoryRegion first = memory.open("first", LENGTH);
                MemoryRegion second = memory.open("second", LENGTH)) {
            first.bytes().putLong(0, 1);
            second.bytes().putLong(0, 2);
            assertEquals(1, first.bytes().getLong(0));
        }
    }

    @Test
    void anOpenRegionIsNotOpenedAgain() throws WorldException {
        try (MemoryRegion region = memory.open("locked", LENGTH)) {
            region.bytes().putLong(0, 7);
            assertThrows(WorldException.class, () -> memory.open("locked", LENGTH));
            assertThrows(WorldException.class, () -> memory.open("locked", 2 * LENGTH));
            assertEquals(7, region.bytes().getLong(0));
            assertTrue(region.isLinked());
        }
        memory.open("locked", LENGTH).close();
    }

    @Test
    void closingTwiceIsNoError() throws WorldException {
        MemoryRegion region = memory.open("twice", LENGTH);
        region.close();
        region.close();
    }

    @Test
    void thePlaceAndTheBootAreTheSameHoweverOftenAsked() {
        SharedMemory again = driver.world().sharedMemory(place());
        assertEquals(memory.place(), again.place());
        assertEquals(memory.bootIdHigh(), again.bootIdHigh());
        assertEquals(memory.bootIdLow(), again.bootIdLow());
        assertTrue(memory.bootIdHigh() != 0 || memory.bootIdLow() != 0);
    }
}
