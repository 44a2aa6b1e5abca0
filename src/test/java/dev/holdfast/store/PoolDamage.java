package dev.holdfast.store;

import dev.holdfast.sim.world.Medium;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Finds what a {@link PoolBench} stored on the platter of one disk, to damage it there. It knows the layout only. */
final class PoolDamage {
    /** Blocks of a disk: root ring, log region, data area of a pool with a log of 16 MiB. */
    static final long ROOTS = 16;

    static final long LOG = 256;
    static final long DATA = LOG + (16 << 20) / 4096;
    private static final int POINTER_BYTES = 32;

    final Medium medium;

    PoolDamage(PoolBench bench, String path) {
        medium = bench.world.machine().device(path).medium();
    }

    /** Blocks from {@code from} up to {@code to} that hold something like it. */
    List<Long> find(long from, long to, Predicate<ByteBuffer> like) {
        List<Long> found = new ArrayList<>();
        for (long block : medium.storedBlocks()) {
            ByteBuffer page = ByteBuffer.wrap(medium.read(block)).order(ByteOrder.LITTLE_ENDIAN);
            if (block >= from && block < to && like.test(page)) {
                found.add(block);
            }
        }
        return found;
    }

    /** Data blocks filled with {@code value}. */
    List<Long> filledWith(int value) {
        return find(DATA, medium.blocks(), page -> isFilled(page, value));
    }

    private static boolean isFilled(ByteBuffer page, int value) {
        for (int at = 0; at < page.capacity(); at++) {
            if (page.get(at) != value) {
                return false;
            }
        }
        return true;
    }

    /** Leaf nodes that point at {@code dataBlock} (a block of the disk), which is block {@code index} of its volume. */
    List<Long> leavesOver(long dataBlock, long index) {
        int at = (int) (index % 128) * POINTER_BYTES;
        return find(DATA, medium.blocks(), page -> page.getLong(at) == dataBlock - DATA);
    }

    void rot(List<Long> blocks) {
        blocks.forEach(block -> medium.rot(block, 4099));
    }

    void spoil(List<Long> blocks) {
        blocks.forEach(medium::spoil);
    }
}
