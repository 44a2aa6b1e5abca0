package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A front end that knows what the disk must hold: every byte that a read brings is compared with a model. Bytes that
 * were changed while a read was under way may be either, and are not compared.
 */
final class Client implements Request.Completion {
    final BlockVolume volume;
    final byte[] model;
    final List<Read> reads = new ArrayList<>();
    final List<Request> outstanding = new ArrayList<>();
    final List<Status> failures = new ArrayList<>();
    final List<Long> extentLengths = new ArrayList<>();
    final List<Boolean> extentKinds = new ArrayList<>();
    boolean failuresAllowed;
    long completed;
    long compared;

    /** A read under way: what it must bring, and which bytes of it are no longer sure. */
    static final class Read {
        final Request request;
        final byte[] expected;
        final boolean[] unsure;
        final ByteBuffer space;

        Read(Request request, byte[] expected) {
            this.request = request;
            this.expected = expected;
            this.unsure = new boolean[expected.length];
            this.space = ByteBuffer.allocateDirect(expected.length + 10).position(7);
        }
    }

    Client(BlockVolume volume, int modelBytes) {
        this.volume = volume;
        this.model = new byte[modelBytes];
    }

    void write(long offset, byte[] bytes, boolean forceUnitAccess) {
        Request request = request(Request.Kind.WRITE, offset, bytes.length);
        request.forceUnitAccess = forceUnitAccess;
        ByteBuffer data = ByteBuffer.allocateDirect(bytes.length + 9);
        data.position(4).put(bytes).position(4);
        volume.submitWrite(request, data);
        assertEquals(4 + bytes.length, data.position(), "exactly the write's bytes are taken");
        System.arraycopy(bytes, 0, model, (int) offset, bytes.length);
        changed(offset, bytes.length);
    }

    void zero(Request.Kind kind, long offset, long lengthBytes) {
        Request request = request(kind, offset, lengthBytes);
        volume.submit(request);
        java.util.Arrays.fill(model, (int) offset, (int) (offset + lengthBytes), (byte) 0);
        changed(offset, lengthBytes);
    }

    /** What was cut off by another size. */
    void cut(long sizeBytes) {
        java.util.Arrays.fill(model, (int) sizeBytes, model.length, (byte) 0);
        changed(sizeBytes, model.length - sizeBytes);
    }

    private void changed(long offset, long lengthBytes) {
        for (Read read : reads) {
            long from = Math.max(offset, read.request.offset);
            long to = Math.min(offset + lengthBytes, read.request.offset + read.expected.length);
            for (long at = from; at < to; at++) {
                read.unsure[(int) (at - read.request.offset)] = true;
            }
        }
    }

    void read(long offset, int lengthBytes) {
        byte[] expected = java.util.Arrays.copyOfRange(model, (int) offset, (int) offset + lengthBytes);
        Request request = request(Request.Kind.READ, offset, lengthBytes);
        reads.add(new Read(request, expected));
        volume.submit(request);
    }

    Request submit(Request.Kind kind, long offset, long lengthBytes) {
        Request request = request(kind, offset, lengthBytes);
        request.maxExtents = 1_000_000;
        if (kind == Request.Kind.EXTENTS) {
            extentLengths.clear();
            extentKinds.clear();
        }
        volume.submit(request);
        return request;
    }

    private Request request(Request.Kind kind, long offset, long lengthBytes) {
        Request request = new Request(this);
        request.kind = kind;
        request.offset = offset;
        request.lengthBytes = lengthBytes;
        outstanding.add(request);
        return request;
    }

    @Override
    public ByteBuffer readSpace(Request request) {
        return find(request).space;
    }

    @Override
    public void extent(Request request, long lengthBytes, boolean allocated) {
        extentLengths.add(lengthBytes);
        extentKinds.add(allocated);
    }

    @Override
    public void completed(Request request, Status status) {
        if (!outstanding.remove(request)) {
            throw new AssertionError("completed twice: " + request.kind);
        }
        completed++;
        if (status != Status.OK) {
            failures.add(status);
            if (!failuresAllowed) {
                throw new AssertionError(request.kind + " at " + request.offset + " ended " + status);
            }
        }
        if (request.kind == Request.Kind.READ && status != Status.INVALID) {
            Read read = find(request);
            reads.remove(read);
            if (status == Status.OK) {
                compare(read);
            }
        }
    }

    private void compare(Read read) {
        for (int i = 0; i < read.expected.length; i++) {
            int at = (int) read.request.offset + i;
            if (read.unsure[i]) {
                continue;
            }
            compared++;
            if (read.space.get(7 + i) != read.expected[i]) {
                assertEquals(read.expected[i], read.space.get(7 + i), "byte " + at + " of " + range(read.request));
            }
        }
        assertEquals(0, read.space.get(0), "nothing before the space is touched");
    }

    private static String range(Request request) {
        return request.offset + "+" + request.lengthBytes;
    }

    private Read find(Request request) {
        for (Read read : reads) {
            if (read.request == request) {
                return read;
            }
        }
        throw new AssertionError("an unknown read");
    }
}
