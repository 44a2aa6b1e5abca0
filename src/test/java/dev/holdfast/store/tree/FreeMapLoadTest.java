package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** An image or a deferred list that says what can't be is refused as a whole. */
final class FreeMapLoadTest {
    private static final long BLOCKS = FreeMap.AREA_BLOCKS + 1000;

    private final TreeBed bed = new TreeBed();
    private final Crc32c crc = new Crc32c();
    private final ByteBuffer area0 = block();
    private final ByteBuffer area1 = block();
    private final ByteBuffer list = block();

    FreeMapLoadTest() {
        area0.putLong(0, 0b1111);
        area1.putLong(0, 0b1);
        list.putLong(0, 2).putLong(8, 3).putLong(16, FreeMap.AREA_BLOCKS);
    }

    private static ByteBuffer block() {
        return ByteBuffer.allocate(Pointers.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ObjectRoot object(ByteBuffer... blocks) {
        TreeUpdate update = new TreeUpdate(ObjectRoot.EMPTY, 1, bed.nodes, bed.pages, (address, birth, node) -> {});
        update.resize(blocks.length);
        for (int i = 0; i < blocks.length; i++) {
            long address = bed.allocate();
            bed.write(address, blocks[i], 0);
            update.put(i, address, crc.ofBlock(blocks[i], 0));
        }
        return bed.finish(update);
    }

    private Optional<FreeMap> load() {
        return load(object(area0, area1), BLOCKS);
    }

    private Optional<FreeMap> load(ObjectRoot image, long dataBlocks) {
        FreeMapLoad load = new FreeMapLoad(image, object(list), dataBlocks);
        PointerSlot pointer = new PointerSlot();
        ByteBuffer bytes = block();
        while (!load.done()) {
            long ticket = load.next(pointer);
            if (ticket >= 0) {
                assertTrue(bed.read(pointer, bytes));
                load.supply(ticket, pointer, bytes, 0);
            }
        }
        return load.result();
    }

    private void refused() {
        assertEquals(Optional.empty(), load());
    }

    @Test
    void aSoundImageIsLoaded() {
        FreeMap map = load().orElseThrow();
        assertEquals(BLOCKS - 5, map.freeBlocks());
        assertEquals(2, map.pendingBlocks());
        assertEquals(2, map.usedBlocks());
        assertTrue(map.isTaken(FreeMap.AREA_BLOCKS));
    }

    @Test
    void anArrayThatHasGrownHasFreeBlocksAtItsEnd() {
        FreeMap map = load(object(area0, area1), 100 * BLOCKS).orElseThrow();
        assertEquals(100 * BLOCKS - 5, map.freeBlocks());
    }

    @Test
    void anImageOfABiggerArrayIsRefused() {
        assertEquals(Optional.empty(), load(object(area0, area1), FreeMap.AREA_BLOCKS));
    }

    @Test
    void aUsedBlockBeyondTheArrayIsRefused() {
        area1.putLong(1000 / 64 * 8, 1L << 40);
        refused();
    }

    @Test
    void aFreeAddressZeroIsRefused() {
        area0.putLong(0, 0b1110);
        refused();
    }

    @Test
    void aListThatCountsWrongIsRefused() {
        list.putLong(0, 3);
        refused();
    }

    @Test
    void aListWithAnAddressBeyondTheArrayIsRefused() {
        list.putLong(8, BLOCKS);
        refused();
    }

    @Test
    void aListWithANegativeAddressIsRefused() {
        list.putLong(8, -1);
        refused();
    }

    @Test
    void aListWithAFreeBlockIsRefused() {
        list.putLong(8, 17);
        refused();
    }

    @Test
    void aListThatNamesABlockTwiceIsRefused() {
        list.putLong(16, 3);
        refused();
    }

    @Test
    void aCountWithoutEndIsRefused() {
        list.putLong(0, Long.MAX_VALUE);
        refused();
    }

    @Test
    void aBlockThatCantBeReadAsOneIsRefused() {
        ObjectRoot unreadable = new ObjectRoot(new BlockPointer(0, 1, 0, Pointers.UNREADABLE, 0), 1, 1);
        ObjectRoot outside = new ObjectRoot(new BlockPointer(BLOCKS, 1, 0, Pointers.PRESENT, 1), 1, 1);
        ObjectRoot tooHigh = new ObjectRoot(new BlockPointer(1, 1, 0, Pointers.PRESENT, 1), 5, 1);
        assertEquals(Optional.empty(), load(unreadable, BLOCKS));
        assertEquals(Optional.empty(), load(outside, BLOCKS));
        assertEquals(Optional.empty(), load(tooHigh, BLOCKS));
    }

    @Test
    void nodesThatRepeatOneAnotherDoNotLastForEver() {
        ByteBuffer node = block();
        BlockPointer below = object(area0, area1).root();
        for (int level = 0; level < 2; level++) {
            for (int i = 0; i < Pointers.FAN_OUT; i++) {
                below.write(node, i * Pointers.SIZE);
            }
            long address = bed.allocate();
            bed.write(address, node, 0);
            below = new BlockPointer(address, 1, crc.ofBlock(node, 0), Pointers.PRESENT, 256);
        }
        assertEquals(Optional.empty(), load(new ObjectRoot(below, 4, 2), BLOCKS));
    }
}
