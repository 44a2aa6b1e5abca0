package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Bytes in the order they came in, as many as memory holds. It belongs to one end of a stream. */
final class ByteQueue {
    private byte[] bytes = new byte[256];
    private int head;
    private int tail;

    int size() {
        return tail - head;
    }

    void add(byte[] source, int from, int count) {
        makeRoom(count);
        System.arraycopy(source, from, bytes, tail, count);
        tail += count;
    }

    void add(ByteBuffer source) {
        int count = source.remaining();
        makeRoom(count);
        source.get(bytes, tail, count);
        tail += count;
    }

    /** Takes the first {@code count} bytes. */
    byte[] take(int count) {
        Checks.that(count <= size(), "that many bytes are queued", count, size());
        byte[] taken = Arrays.copyOfRange(bytes, head, head + count);
        head += count;
        return taken;
    }

    void clear() {
        head = 0;
        tail = 0;
    }

    private void makeRoom(int count) {
        if (tail + count > bytes.length) {
            int size = size();
            byte[] into = size + count > bytes.length / 2 ? new byte[(size + count) * 2] : bytes;
            System.arraycopy(bytes, head, into, 0, size);
            bytes = into;
            head = 0;
            tail = size;
        }
    }
}
