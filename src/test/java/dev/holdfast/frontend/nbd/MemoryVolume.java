package dev.holdfast.frontend.nbd;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** A disk in an array: serves at once, or when told to and in any order; fails what it is told to fail. */
final class MemoryVolume implements BlockVolume {
    static final int EXTENT_BYTES = 4096;

    final byte[] bytes;
    final boolean[] allocated;
    final List<String> log = new ArrayList<>();
    boolean readOnly;
    boolean holdsBack;
    int roomBytes = Integer.MAX_VALUE;
    Function<Request, Status> faults = request -> Status.OK;

    private final Loop loop;
    private final List<Request> held = new ArrayList<>();
    private final List<Runnable> waiting = new ArrayList<>();

    MemoryVolume(Loop loop, int sizeBytes) {
        this.loop = loop;
        this.bytes = new byte[sizeBytes];
        this.allocated = new boolean[Math.ceilDiv(sizeBytes, EXTENT_BYTES)];
    }

    int heldCount() {
        return held.size();
    }

    /** Completes everything held back, in an order taken from {@code random}, in a turn of its loop. */
    void release(RandomGenerator random) {
        loop.post(() -> {
            while (!held.isEmpty()) {
                complete(held.remove(random.nextInt(held.size())));
            }
        });
    }

    /** Completes the one that has waited longest, in a turn of its loop. */
    void releaseFirst() {
        loop.post(() -> complete(held.removeFirst()));
    }

    /** There is room for {@code lengthBytes}; who waits is told. */
    void room(int lengthBytes) {
        roomBytes = lengthBytes;
        List.copyOf(waiting).forEach(loop::post);
        waiting.clear();
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public long sizeBytes() {
        checkLoop();
        return bytes.length;
    }

    @Override
    public boolean isReadOnly() {
        checkLoop();
        return readOnly;
    }

    @Override
    public boolean hasRoom(int lengthBytes) {
        checkLoop();
        return lengthBytes <= roomBytes;
    }

    @Override
    public void whenRoom(Runnable task) {
        checkLoop();
        waiting.add(task);
    }

    @Override
    public void submit(Request request) {
        checkLoop();
        log.add(describe(request));
        if (request.kind == Request.Kind.READ && request.lengthBytes > MAX_TRANSFER_BYTES) {
            throw new AssertionError("too long a READ");
        }
        start(request);
    }

    @Override
    public void submitWrite(Request request, ByteBuffer data) {
        checkLoop();
        log.add(describe(request));
        if (request.kind != Request.Kind.WRITE || request.lengthBytes > MAX_TRANSFER_BYTES) {
            throw new AssertionError("too long a WRITE, or none");
        }
        if (!hasRoom((int) request.lengthBytes)) {
            throw new AssertionError("a WRITE without room");
        }
        if (faults.apply(request) == Status.OK) {
            data.get(bytes, (int) request.offset, (int) request.lengthBytes);
            mark(request, true);
        } else {
            data.position(data.position() + (int) request.lengthBytes);
        }
        start(request);
    }

    private void start(Request request) {
        if (holdsBack) {
            held.add(request);
        } else {
            complete(request);
        }
    }

    private void complete(Request request) {
        Status status = faults.apply(request);
        if (status == Status.OK) {
            switch (request.kind) {
                case READ -> read(request);
                case TRIM, ZERO -> zero(request);
                case EXTENTS -> extents(request);
                case WRITE, FLUSH, CACHE -> {}
            }
        }
        request.completion().completed(request, status);
    }

    private void read(Request request) {
        ByteBuffer out = request.completion().readSpace(request);
        // Leaves the position alone, as the interface allows.
        out.put(out.position(), bytes, (int) request.offset, (int) request.lengthBytes);
    }

    private void zero(Request request) {
        int end = (int) (request.offset + request.lengthBytes);
        Arrays.fill(bytes, (int) request.offset, end, (byte) 0);
        mark(request, request.keepAllocated);
    }

    private void mark(Request request, boolean taken) {
        long end = request.offset + request.lengthBytes;
        for (long block = request.offset / EXTENT_BYTES; block * EXTENT_BYTES < end; block++) {
            boolean whole = block * EXTENT_BYTES >= request.offset && (block + 1) * EXTENT_BYTES <= end;
            allocated[(int) block] = taken || (allocated[(int) block] && !whole);
        }
    }

    private void extents(Request request) {
        long offset = request.offset;
        long end = request.offset + request.lengthBytes;
        for (int i = 0; i < request.maxExtents && offset < end; i++) {
            int block = (int) (offset / EXTENT_BYTES);
            long next = (block + 1L) * EXTENT_BYTES;
            // The last one reaches behind what was asked for, as the tree's would.
            request.completion().extent(request, next - offset, allocated[block]);
            offset = next;
        }
    }

    private void checkLoop() {
        if (!loop.isCurrent()) {
            throw new AssertionError("the disk is used from another loop");
        }
    }

    private static String describe(Request request) {
        return request.kind + " " + request.offset + "+" + request.lengthBytes
                + (request.forceUnitAccess ? " fua" : "")
                + (request.keepAllocated ? " keep" : "");
    }
}
