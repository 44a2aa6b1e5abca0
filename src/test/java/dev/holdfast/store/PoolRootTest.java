package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.device.Geometry;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.sim.world.DeviceListener;
import dev.holdfast.sim.world.DiskOperationKind;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.store.root.Root;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How roots come onto the devices. */
final class PoolRootTest {
    /** Watches the root rings of all devices: first copies under way, and how often a second began beside one. */
    private static final class Slots implements DeviceListener {
        private final List<Long> firstUnderWay = new ArrayList<>();
        private int seconds;
        private int beside;

        private static boolean isSlot(DiskOperationKind kind, long offset) {
            long end = Geometry.ROOT_OFFSET + Geometry.ROOT_BYTES;
            return kind != DiskOperationKind.READ && offset >= Geometry.ROOT_OFFSET && offset < end;
        }

        private static long slot(long offset) {
            return (offset - Geometry.ROOT_OFFSET) / Root.BYTES;
        }

        @Override
        public void issued(SimDevice device, DiskOperationKind kind, long offset) {
            if (isSlot(kind, offset) && slot(offset) < Root.HALF) {
                firstUnderWay.add(slot(offset));
            } else if (isSlot(kind, offset)) {
                seconds++;
                beside += firstUnderWay.isEmpty() ? 0 : 1;
            }
        }

        @Override
        public void completed(SimDevice device, DiskOperationKind kind, long offset, DiskOutcome outcome) {
            if (isSlot(kind, offset)) {
                firstUnderWay.remove(slot(offset));
            }
        }
    }

    /**
     * The order itself, for the simulated disk cannot show why: it writes 512 bytes whole or not at all, and all that a
     * root says is in its first 512.
     */
    @Test
    void theSecondCopyOfARootBeginsWhenTheFirstIsDurableOnEveryDevice() {
        PoolBench bench = new PoolBench(1, 2, 256 << 20);
        Slots slots = new Slots();
        for (String path : bench.paths) {
            bench.world.machine().device(path).listen(slots);
        }
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 64 << 20);
        for (int id = 1; id <= 5; id++) {
            bench.write(bench.volume(1), 0, 4096, id);
            bench.snapshot(1, id);
        }
        assertTrue(slots.seconds >= 10, slots.seconds + " second copies");
        assertEquals(0, slots.beside, "second copies that began beside a first");
        assertEquals(List.of(), slots.firstUnderWay);
    }
}
