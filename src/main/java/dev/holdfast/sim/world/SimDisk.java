package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;

/**
 * One process's open handle of a {@link SimDevice}: checks that its user keeps the contract of {@link Disk}, and
 * passes on. The fault model is the device's.
 */
public final class SimDisk implements Disk {
    private static final int PARTS_LIMIT = 4096;

    private final SimDevice device;
    private final SimProcess process;
    private boolean closed;

    SimDisk(SimDevice device, SimProcess process) {
        this.device = device;
        this.process = process;
    }

    /** The hardware behind it. */
    public SimDevice device() {
        return device;
    }

    @Override
    public String path() {
        return device.path();
    }

    @Override
    public long lengthBytes() {
        return device.lengthBytes();
    }

    @Override
    public void read(long offset, ByteBuffer into, Loop loop, DiskDone done, long token) {
        checkBuffer(into);
        checkRange(offset, into.remaining());
        issue(DiskOperation.read(offset, into, teller(loop, done, token)));
    }

    @Override
    public void write(long offset, ByteBuffer from, Loop loop, DiskDone done, long token) {
        checkBuffer(from);
        checkRange(offset, from.remaining());
        ByteBuffer[] parts = {from};
        issue(DiskOperation.write(DiskOperationKind.WRITE, offset, parts, 1, teller(loop, done, token)));
    }

    @Override
    public void writeDurable(long offset, ByteBuffer[] parts, int count, Loop loop, DiskDone done, long token) {
        Checks.that(count > 0 && count <= parts.length && count <= PARTS_LIMIT, "a write has parts", count);
        long lengthBytes = 0;
        for (int i = 0; i < count; i++) {
            checkBuffer(parts[i]);
            Checks.that(parts[i].alignmentOffset(parts[i].position(), BLOCK_BYTES) == 0, "an aligned part", i);
            Checks.that(parts[i].remaining() % BLOCK_BYTES == 0, "a part of whole blocks", i);
            lengthBytes += parts[i].remaining();
        }
        checkRange(offset, lengthBytes);
        issue(DiskOperation.write(DiskOperationKind.WRITE_DURABLE, offset, parts, count, teller(loop, done, token)));
    }

    @Override
    public void flush(Loop loop, DiskDone done, long token) {
        issue(DiskOperation.flush(teller(loop, done, token)));
    }

    @Override
    public void discard(long offset, long lengthBytes, Loop loop, DiskDone done, long token) {
        checkRange(offset, lengthBytes);
        issue(DiskOperation.discard(offset, lengthBytes, teller(loop, done, token)));
    }

    @Override
    public void close() {
        if (!closed && !process.isDead() && !process.isSilent()) {
            device.close();
        }
        closed = true;
    }

    private void issue(DiskOperation operation) {
        if (!process.isDead() && !process.isSilent()) {
            device.issue(operation, closed);
        }
    }

    private static DiskOperation.Teller teller(Loop loop, DiskDone done, long token) {
        SimLoop teller = (SimLoop) loop;
        return new DiskOperation.Teller(teller, done, token, teller.nowNanos());
    }

    private static void checkBuffer(ByteBuffer buffer) {
        Checks.that(buffer.isDirect(), "a disk's buffer is direct");
    }

    private void checkRange(long offset, long lengthBytes) {
        Checks.that(offset >= 0 && offset % BLOCK_BYTES == 0, "an aligned offset", offset);
        Checks.that(lengthBytes > 0 && lengthBytes % BLOCK_BYTES == 0, "whole blocks", lengthBytes);
        Checks.that(offset <= device.lengthBytes() - lengthBytes, "inside the disk", offset, lengthBytes);
    }
}
