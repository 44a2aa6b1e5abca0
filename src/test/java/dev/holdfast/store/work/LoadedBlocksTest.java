package dev.holdfast.store.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

final class LoadedBlocksTest {
    private final LoadedBlocks blocks = new LoadedBlocks(2000);
    private final ByteBuffer page = ByteBuffer.allocateDirect(4096).order(ByteOrder.LITTLE_ENDIAN);

    private void put(long address, long birth) {
        page.putLong(0, address * 1000 + birth);
        blocks.put(address, birth, page, 0);
    }

    private boolean has(long address, long birth) {
        long handle = blocks.find(address, birth);
        if (handle >= 0) {
            assertEquals(
                    address * 1000 + birth, blocks.bytes(handle).getLong(blocks.offset(handle)), "the right block");
        }
        return handle >= 0;
    }

    @Test
    void whatTheLastConsistencyPointWroteIsAtHandInTheNext() {
        for (int cp = 1; cp <= 10; cp++) {
            for (int i = 1; i <= 1500; i++) {
                assertTrue(cp == 1 || has(2000L * (cp - 1) + i, cp - 1), "written by " + (cp - 1));
                put(2000L * cp + i, cp);
            }
            blocks.trim();
            assertTrue(blocks.size() <= 3000, "two consistency points' at most: " + blocks.size());
        }
        assertTrue(!has(2001, 1), "what is older has left");
    }

    @Test
    void aSmallOneKeepsEverything() {
        for (int i = 1; i <= 900; i++) {
            put(i, 1);
            blocks.trim();
        }
        for (int i = 1; i <= 900; i++) {
            assertTrue(has(i, 1));
        }
        assertEquals(900, blocks.size());
    }

    @Test
    void anAddressUsedAgainIsTheNewBlock() {
        put(7, 1);
        for (int i = 100; i < 1200; i++) {
            put(i, 1);
        }
        blocks.trim();
        put(7, 5);
        assertTrue(has(7, 5) && has(7, 1), "births tell them apart");
        put(7, 6);
        assertTrue(has(7, 6) && !has(7, 5), "of one age there is the newest");
    }
}
