package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.MemoryRegion;
import dev.holdfast.io.WorldException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * One mapped file. Its pages are mapped ahead of their first use by a thread that ends when it is done: a first touch
 * costs a loop 3 us per page, which adds up when a log is filled for the first time.
 */
final class HostMemoryRegion implements MemoryRegion {
    /** How much is mapped ahead at once: closing waits for one step at most. */
    private static final long STEP_BYTES = 4L << 20;

    private final FileClaim claim;
    private final Arena arena;
    private final ByteBuffer bytes;
    private final boolean isNew;
    private boolean closed;

    HostMemoryRegion(FileClaim claim, Arena arena, MemorySegment memory, boolean isNew) {
        this.claim = claim;
        this.arena = arena;
        this.bytes = memory.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        this.isNew = isNew;
        Thread.ofPlatform().daemon(true).name("map " + claim.path()).start(() -> mapAhead(memory));
    }

    private void mapAhead(MemorySegment memory) {
        long at = 0;
        while (at < memory.byteSize() && mapStep(memory, at)) {
            at += STEP_BYTES;
        }
    }

    private synchronized boolean mapStep(MemorySegment memory, long at) {
        return !closed && Posix.populate(memory.asSlice(at, Math.min(STEP_BYTES, memory.byteSize() - at)));
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
        return claim.isAtPath();
    }

    @Override
    public synchronized void remove() {
        if (!closed) {
            claim.removeName();
            close();
        }
    }

    @Override
    public synchronized String setAside() throws WorldException {
        Checks.that(!closed, "an open region is set aside");
        Path aside = claim.rename();
        close();
        return aside.toString();
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            arena.close();
            claim.close();
        }
    }
}
