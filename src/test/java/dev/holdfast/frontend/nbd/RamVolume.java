package dev.holdfast.frontend.nbd;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** A disk in off-heap memory that answers at once and allocates nothing: what is measured over it is the front end. */
final class RamVolume implements BlockVolume {
    private static final int CHUNK_BYTES = 1 << 26;
    private static final int BLOCK_BYTES = 4096;

    private final Loop loop;
    private final long sizeBytes;
    private final ByteBuffer[] chunks;
    private final byte[] zeroes = new byte[BLOCK_BYTES];

    /** A bit for each block that was written since it was last made a hole. */
    private final BitSet allocated = new BitSet();

    private long requests;

    RamVolume(Loop loop, long sizeBytes) {
        this.loop = loop;
        this.sizeBytes = sizeBytes;
        this.chunks = new ByteBuffer[(int) Math.ceilDiv(sizeBytes, (long) CHUNK_BYTES)];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = ByteBuffer.allocateDirect(CHUNK_BYTES);
        }
    }

    /** Makes every byte non-zero and every page present. */
    void fill() {
        for (ByteBuffer chunk : chunks) {
            for (int i = 0; i < CHUNK_BYTES; i += 8) {
                chunk.putLong(i, 0x0102_0304_0506_0708L + i);
            }
        }
        allocated.set(0, (int) (sizeBytes / BLOCK_BYTES));
    }

    /** How many requests there were so far. */
    long requests() {
        return requests;
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public boolean hasRoom(int lengthBytes) {
        return true;
    }

    @Override
    public void whenRoom(Runnable task) {
        throw new AssertionError("there is always room");
    }

    @Override
    public void submit(Request request) {
        requests++;
        switch (request.kind) {
            case READ -> read(request);
            case TRIM, ZERO -> zero(request);
            case EXTENTS -> extents(request);
            case WRITE -> throw new AssertionError("a WRITE has data");
            case FLUSH, CACHE -> {}
        }
        request.completion().completed(request, Status.OK);
    }

    @Override
    public void submitWrite(Request request, ByteBuffer data) {
        requests++;
        long offset = request.offset;
        int from = data.position();
        int end = from + (int) request.lengthBytes;
        while (from < end) {
            int at = (int) (offset % CHUNK_BYTES);
            int bytes = Math.min(end - from, CHUNK_BYTES - at);
            chunk(offset).put(at, data, from, bytes);
            from += bytes;
            offset += bytes;
        }
        data.position(end);
        allocated.set(firstBlock(request), endBlock(request));
        request.completion().completed(request, Status.OK);
    }

    private void read(Request request) {
        ByteBuffer out = request.completion().readSpace(request);
        long offset = request.offset;
        int to = out.position();
        int end = to + (int) request.lengthBytes;
        while (to < end) {
            int at = (int) (offset % CHUNK_BYTES);
            int bytes = Math.min(end - to, CHUNK_BYTES - at);
            out.put(to, chunk(offset), at, bytes);
            to += bytes;
            offset += bytes;
        }
        out.position(end);
    }

    private void zero(Request request) {
        long offset = request.offset;
        long end = request.offset + request.lengthBytes;
        while (offset < end) {
            int at = (int) (offset % CHUNK_BYTES);
            int bytes = (int) Math.min(Math.min(end - offset, CHUNK_BYTES - at), BLOCK_BYTES);
            chunk(offset).put(at, zeroes, 0, bytes);
            offset += bytes;
        }
        if (!request.keepAllocated) {
            int firstWhole = (int) Math.ceilDiv(request.offset, (long) BLOCK_BYTES);
            int endWhole = (int) (end / BLOCK_BYTES);
            allocated.clear(firstWhole, Math.max(firstWhole, endWhole));
        } else {
            allocated.set(firstBlock(request), endBlock(request));
        }
    }

    private void extents(Request request) {
        long offset = request.offset;
        long end = request.offset + request.lengthBytes;
        for (int i = 0; i < request.maxExtents && offset < end; i++) {
            int block = (int) (offset / BLOCK_BYTES);
            boolean isAllocated = allocated.get(block);
            int next = isAllocated ? allocated.nextClearBit(block) : allocated.nextSetBit(block);
            long nextOffset = next < 0 ? end : Math.min(end, (long) next * BLOCK_BYTES);
            request.completion().extent(request, nextOffset - offset, isAllocated);
            offset = nextOffset;
        }
    }

    private ByteBuffer chunk(long offset) {
        return chunks[(int) (offset / CHUNK_BYTES)];
    }

    private static int firstBlock(Request request) {
        return (int) (request.offset / BLOCK_BYTES);
    }

    private static int endBlock(Request request) {
        return (int) Math.ceilDiv(request.offset + request.lengthBytes, (long) BLOCK_BYTES);
    }
}
