package dev.holdfast.follow;

import dev.holdfast.block.LedVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A disk in an array of which every copy is always up to date, and one leads at a time: what a mirrored shard looks
 * like to who follows it. A copy keeps what it is asked, if told to, and then executes it when told to; what a reign
 * leaves behind is MOVED, executed or not.
 */
public final class SharedDisk {
    public static final int SIZE_BYTES = 4 << 20;
    private static final int EXTENT_BYTES = 4096;

    public final byte[] bytes = new byte[SIZE_BYTES];
    private final boolean[] allocated = new boolean[SIZE_BYTES / EXTENT_BYTES];
    private final List<Copy> copies = new ArrayList<>();
    private long reigns;
    private long lostBefore;

    public Copy copy(Loop loop) {
        Copy copy = new Copy(loop);
        copies.add(copy);
        return copy;
    }

    /** From now on {@code leader} leads, in a new reign, and nobody else does. */
    public void lead(Copy leader) {
        copies.forEach(Copy::resign);
        leader.reign = ++reigns;
    }

    /** As if all memories were lost: the next reign says so. */
    void lose() {
        copies.forEach(Copy::resign);
        lostBefore = reigns + 1;
    }

    public final class Copy implements LedVolume {
        private final Loop loop;
        long reign;

        /** Requests are kept until {@link #release}. */
        boolean holdsBack;

        /** Only WRITEs are. */
        boolean holdsWrites;

        boolean hasRoom = true;
        Function<Request, Status> faults = request -> Status.OK;
        int changes;
        private final List<Runnable> held = new ArrayList<>();
        private final List<Request> heldRequests = new ArrayList<>();
        private final List<Runnable> waiting = new ArrayList<>();

        Copy(Loop loop) {
            this.loop = loop;
        }

        int heldCount() {
            return held.size();
        }

        /** Executes what was kept, in a turn of its loop. */
        void release() {
            holdsBack = false;
            holdsWrites = false;
            loop.post(() -> {
                List<Runnable> ready = List.copyOf(held);
                held.clear();
                heldRequests.clear();
                ready.forEach(Runnable::run);
            });
        }

        void room(boolean isThere) {
            hasRoom = isThere;
            List.copyOf(waiting).forEach(loop::post);
            waiting.clear();
        }

        void resign() {
            reign = 0;
            List<Request> moved = List.copyOf(heldRequests);
            held.clear();
            heldRequests.clear();
            moved.forEach(request -> loop.post(() -> request.completion().completed(request, Status.MOVED)));
            List.copyOf(waiting).forEach(loop::post);
            waiting.clear();
        }

        @Override
        public long reign() {
            return reign;
        }

        @Override
        public long lostBefore() {
            return lostBefore;
        }

        @Override
        public Loop loop() {
            return loop;
        }

        @Override
        public long sizeBytes() {
            return SIZE_BYTES;
        }

        @Override
        public boolean isReadOnly() {
            return false;
        }

        @Override
        public boolean hasRoom(int lengthBytes) {
            return reign == 0 || hasRoom;
        }

        @Override
        public void whenRoom(Runnable task) {
            waiting.add(task);
        }

        @Override
        public void submit(Request request) {
            begin(request, new byte[0]);
        }

        @Override
        public void submitWrite(Request request, ByteBuffer data) {
            byte[] taken = new byte[(int) request.lengthBytes];
            data.get(taken);
            begin(request, taken);
        }

        private void begin(Request request, byte[] data) {
            if (!loop.isCurrent()) {
                throw new AssertionError("the disk is used from another loop");
            }
            if (reign == 0) {
                request.completion().completed(request, Status.MOVED);
            } else if (holdsBack || holdsWrites && request.kind == Request.Kind.WRITE) {
                held.add(() -> execute(request, data));
                heldRequests.add(request);
            } else {
                execute(request, data);
            }
        }

        private void execute(Request request, byte[] data) {
            Status status = faults.apply(request);
            if (status == Status.OK) {
                int at = (int) request.offset;
                int length = (int) request.lengthBytes;
                switch (request.kind) {
                    case READ -> {
                        ByteBuffer out = request.completion().readSpace(request);
                        out.put(out.position(), bytes, at, length);
                    }
                    case WRITE -> change(at, data, true);
                    case TRIM, ZERO -> change(at, new byte[length], request.keepAllocated);
                    case EXTENTS -> extents(request);
                    case FLUSH, CACHE -> {}
                }
            }
            request.completion().completed(request, status);
        }

        private void change(int at, byte[] data, boolean taken) {
            changes++;
            System.arraycopy(data, 0, bytes, at, data.length);
            Arrays.fill(allocated, at / EXTENT_BYTES, (at + data.length) / EXTENT_BYTES, taken);
        }

        private void extents(Request request) {
            int block = (int) request.offset / EXTENT_BYTES;
            int end = (int) (request.offset + request.lengthBytes) / EXTENT_BYTES;
            for (int told = 0; told < request.maxExtents && block < end; told++) {
                int first = block;
                while (block < end && allocated[block] == allocated[first]) {
                    block++;
                }
                request.completion().extent(request, (long) (block - first) * EXTENT_BYTES, allocated[first]);
            }
        }
    }
}
