package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.MemoryRegion;
import dev.holdfast.io.SharedMemory;
import dev.holdfast.io.WorldException;

/** One place of a machine's memory as a process sees it; the fault model is that of {@link SimMemory}. */
final class SimSharedMemory implements SharedMemory {
    private static final int LENGTH_LIMIT = 1 << 30;

    private final SimMemory memory;
    private final String place;

    SimSharedMemory(SimMemory memory, String place) {
        this.memory = memory;
        this.place = place.isEmpty() ? "/dev/shm" : place;
    }

    @Override
    public long bootIdHigh() {
        return memory.bootIdHigh();
    }

    @Override
    public long bootIdLow() {
        return memory.bootIdLow();
    }

    @Override
    public String place() {
        return place;
    }

    @Override
    public MemoryRegion open(String name, int lengthBytes) throws WorldException {
        Checks.that(lengthBytes > 0 && lengthBytes <= LENGTH_LIMIT && lengthBytes % 4096 == 0, "length", lengthBytes);
        return memory.open(place, name, lengthBytes);
    }
}
