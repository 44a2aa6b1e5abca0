package dev.holdfast.sim.workload;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Disk;
import java.nio.ByteBuffer;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** Reads some blocks of a volume, in runs, one request at a time. It judges nothing. */
public final class RunReader implements Request.Completion {
    private static final int RUN_BLOCKS = 64;

    /** Takes what was read. */
    @FunctionalInterface
    public interface Taker {
        /** The blocks that could be read; {@code complete} if all could. */
        void taken(boolean complete, TreeMap<Long, byte[]> seen);
    }

    private final BlockVolume volume;
    private final long[] blocks;
    private final BooleanSupplier silent;
    private final Taker taker;
    private final ByteBuffer space = ByteBuffer.allocateDirect(RUN_BLOCKS * Disk.BLOCK_BYTES);
    private final TreeMap<Long, byte[]> seen = new TreeMap<>();
    private boolean complete = true;
    private int first;
    private int end;

    private RunReader(BlockVolume volume, long[] blocks, BooleanSupplier silent, Taker taker) {
        this.volume = volume;
        this.blocks = blocks;
        this.silent = silent;
        this.taker = taker;
    }

    /** Reads {@code blocks}, ascending, of {@code volume}, on its loop; nothing is told once it is {@code silent}. */
    public static void read(BlockVolume volume, long[] blocks, BooleanSupplier silent, Taker taker) {
        Checks.that(volume.loop().isCurrent(), "on the volume's loop");
        new RunReader(volume, blocks, silent, taker).next();
    }

    private void next() {
        first = end;
        if (first == blocks.length) {
            taker.taken(complete, seen);
            return;
        }
        do {
            end++;
        } while (end < blocks.length && blocks[end] == blocks[first] + end - first && end - first < RUN_BLOCKS);
        Request request = new Request(this);
        request.kind = Request.Kind.READ;
        request.offset = blocks[first] * Disk.BLOCK_BYTES;
        request.lengthBytes = (long) (end - first) * Disk.BLOCK_BYTES;
        volume.submit(request);
    }

    @Override
    public ByteBuffer readSpace(Request request) {
        return space.clear();
    }

    @Override
    public void extent(Request request, long lengthBytes, boolean allocated) {
        throw Checks.unreachable("extents were not asked for");
    }

    @Override
    public void completed(Request request, Status status) {
        if (silent.getAsBoolean()) {
            return;
        }
        complete &= status == Status.OK;
        for (int i = first; i < end && status == Status.OK; i++) {
            byte[] bytes = new byte[Disk.BLOCK_BYTES];
            space.get((i - first) * Disk.BLOCK_BYTES, bytes);
            seen.put(blocks[i], bytes);
        }
        volume.loop().post(this::next);
    }
}
