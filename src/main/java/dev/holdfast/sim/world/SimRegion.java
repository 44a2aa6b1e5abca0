package dev.holdfast.sim.world;

import dev.holdfast.io.MemoryRegion;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One process's mapping of a region of {@link SimMemory}; the fault model is there. */
final class SimRegion implements MemoryRegion {
    private final SimMemory.Segment segment;
    private final ByteBuffer bytes;
    private final boolean isNew;

    SimRegion(SimMemory.Segment segment, boolean isNew) {
        this.segment = segment;
        this.isNew = isNew;
        this.bytes = segment.bytes.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public ByteBuffer bytes() {
        return bytes;
    }

    @Override
    public boolean isNew() {
        return isNew;
    }

    @Override
    public boolean isLinked() {
        return segment.linked;
    }

    @Override
    public void close() {
        segment.locked = false;
    }
}
