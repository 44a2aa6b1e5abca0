package dev.holdfast.sim.workload;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Disk;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.random.SimRandom;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * The naive block volume: bytes in a map, answers after a random while. It shows what the promises of
 * {@link BlockVolume} mean at their plainest, and with a {@link Bug}, that the oracles notice.
 */
public final class MemoryVolume implements BlockVolume {
    private static final int BLOCK_BYTES = Disk.BLOCK_BYTES;
    private static final long LONGEST_NANOS = 3_000_000;

    private final Loop loop;
    private final long sizeBytes;
    private final MemoryImage image;
    private final SimRandom random;
    private boolean inDoubt = true;

    /** A volume of {@code sizeBytes} on {@code loop} over what {@code image} holds. */
    public MemoryVolume(Loop loop, long sizeBytes, MemoryImage image) {
        this.loop = loop;
        this.sizeBytes = sizeBytes;
        this.image = image;
        this.random = image.random();
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
        return !random.oneIn(50);
    }

    @Override
    public void whenRoom(Runnable task) {
        later(task);
    }

    @Override
    public void submit(Request request) {
        if (!isInside(request)) {
            request.completion().completed(request, Status.INVALID);
            return;
        }
        switch (request.kind) {
            case READ -> later(() -> read(request));
            case TRIM, ZERO -> zero(request);
            case FLUSH -> flush(request);
            case CACHE -> later(() -> request.completion().completed(request, Status.OK));
            case EXTENTS -> later(() -> extents(request));
            case WRITE -> throw Checks.unreachable("writes come by submitWrite");
        }
    }

    @Override
    public void submitWrite(Request request, ByteBuffer data) {
        byte[] bytes = new byte[(int) request.lengthBytes];
        data.get(bytes);
        if (!isInside(request)) {
            request.completion().completed(request, Status.INVALID);
        } else if (image.bug() == Bug.ACKNOWLEDGES_EARLY && random.oneIn(4)) {
            later(() -> request.completion().completed(request, Status.OK));
            loop.after(2 * LONGEST_NANOS, () -> image.change(blocksOf(request, bytes)));
        } else {
            change(request, blocksOf(request, bytes));
        }
    }

    private boolean isInside(Request request) {
        return request.offset >= 0 && request.lengthBytes >= 0 && request.offset <= sizeBytes - request.lengthBytes;
    }

    private void later(Runnable task) {
        loop.after(random.below(LONGEST_NANOS), task);
    }

    private TreeMap<Long, byte[]> blocksOf(Request request, byte[] bytes) {
        TreeMap<Long, byte[]> blocks = new TreeMap<>();
        int shift = image.bug() == Bug.MISPLACES && random.oneIn(20) ? 1 : 0;
        for (int done = 0; done < bytes.length; ) {
            long at = request.offset + done;
            int from = (int) (at % BLOCK_BYTES);
            int count = Math.min(BLOCK_BYTES - from, bytes.length - done);
            byte[] old = image.bug() == Bug.PADS_WITH_ZEROES ? new byte[BLOCK_BYTES] : image.block(at / BLOCK_BYTES);
            byte[] content = old.clone();
            System.arraycopy(bytes, done, content, from, count);
            blocks.put(at / BLOCK_BYTES + shift, content);
            done += count;
        }
        return blocks;
    }

    private void zero(Request request) {
        boolean keeps = image.bug() == Bug.TRIM_KEEPS && request.kind == Request.Kind.TRIM;
        TreeMap<Long, byte[]> blocks = keeps ? new TreeMap<>() : zeroedBlocks(request);
        if (image.bug() == Bug.ZERO_STOPS_SHORT && request.kind == Request.Kind.ZERO) {
            blocks.pollLastEntry();
        }
        change(request, blocks);
    }

    private TreeMap<Long, byte[]> zeroedBlocks(Request request) {
        if (request.lengthBytes <= MAX_TRANSFER_BYTES) {
            return blocksOf(request, new byte[(int) request.lengthBytes]);
        }
        TreeMap<Long, byte[]> blocks = new TreeMap<>();
        long end = request.offset + request.lengthBytes;
        for (long block : image.writtenBlocks(request.offset / BLOCK_BYTES, (end - 1) / BLOCK_BYTES)) {
            int from = (int) Math.max(0, request.offset - block * BLOCK_BYTES);
            int to = (int) Math.min(BLOCK_BYTES, end - block * BLOCK_BYTES);
            byte[] content = image.block(block).clone();
            Arrays.fill(content, from, to, (byte) 0);
            blocks.put(block, content);
        }
        return blocks;
    }

    private void change(Request request, TreeMap<Long, byte[]> blocks) {
        int number = image.change(blocks);
        later(() -> {
            image.acknowledge(number);
            if (request.forceUnitAccess && image.bug() != Bug.FORCE_IGNORED) {
                image.flush(number);
            }
            request.completion().completed(request, Status.OK);
        });
    }

    private void flush(Request request) {
        int until = image.acknowledged();
        later(() -> {
            if (image.bug() != Bug.FLUSH_DOES_NOTHING) {
                image.flush(until);
            }
            request.completion().completed(request, Status.OK);
        });
    }

    private void read(Request request) {
        if (image.bug() == Bug.TAKES_BACK_WHAT_WAS_SEEN && inDoubt && random.oneIn(20)) {
            inDoubt = false;
            image.takeBack();
        }
        ByteBuffer into = request.completion().readSpace(request);
        boolean stale = image.bug() == Bug.STALE_READ && random.oneIn(10);
        long end = request.offset + request.lengthBytes;
        for (long at = request.offset; at < end; ) {
            long block = at / BLOCK_BYTES;
            int from = (int) (at % BLOCK_BYTES);
            int count = (int) Math.min(BLOCK_BYTES - from, end - at);
            into.put(stale ? image.olderBlock(block) : image.block(block), from, count);
            at += count;
        }
        request.completion().completed(request, Status.OK);
    }

    private void extents(Request request) {
        long end = request.offset + request.lengthBytes;
        long at = request.offset;
        for (int count = 0; count < request.maxExtents && at < end; count++) {
            boolean allocated = image.isAllocated(at / BLOCK_BYTES);
            long until = (at / BLOCK_BYTES + 1) * BLOCK_BYTES;
            while (until < end && image.isAllocated(until / BLOCK_BYTES) == allocated) {
                until += BLOCK_BYTES;
            }
            boolean lies = image.bug() == Bug.EXTENTS_LIE && random.oneIn(4);
            request.completion().extent(request, Math.min(until, end) - at, allocated && !lies);
            at = until;
        }
        request.completion().completed(request, Status.OK);
    }
}
