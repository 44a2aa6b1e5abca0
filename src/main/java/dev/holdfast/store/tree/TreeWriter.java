package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import java.nio.ByteBuffer;

/**
 * Writes the changed nodes of one object, children before parents, so that each pointer holds the checksum of final
 * bytes. Does not change what the nodes say, except that a node of holes becomes a hole.
 */
final class TreeWriter {
    private final DirtyNodes dirty;
    private final long cp;
    private final Crc32c crc = new Crc32c();
    private int height;
    private int level;
    private int next;
    private Allocator allocator = () -> {
        throw Checks.unreachable("finish names an allocator");
    };
    private BlockSink sink = (address, bytes, offset) -> {
        throw Checks.unreachable("finish names a sink");
    };
    private BlockPointer root = BlockPointer.HOLE;
    private boolean done;

    TreeWriter(DirtyNodes dirty, long cp) {
        this.dirty = dirty;
        this.cp = cp;
    }

    void start(int height, Allocator allocator, BlockSink sink) {
        Checks.that(!started(), "an update is finished once");
        this.height = height;
        this.allocator = allocator;
        this.sink = sink;
        this.level = 1;
        this.next = DirtyNodes.ANCHOR + 1;
    }

    boolean started() {
        return level > 0;
    }

    boolean step(int maxNodes) {
        Checks.that(started(), "finish comes before step");
        int written = 0;
        while (!done && written < maxNodes) {
            if (level >= height) {
                complete();
            } else if (next >= dirty.count()) {
                level++;
                next = DirtyNodes.ANCHOR + 1;
            } else {
                int node = next++;
                if (dirty.isLive(node) && dirty.level(node) == level) {
                    write(node);
                    written++;
                }
            }
        }
        return done;
    }

    BlockPointer root() {
        Checks.that(done, "the result is there when every node is written");
        return root;
    }

    private void complete() {
        Checks.that(dirty.live() == 0, "every changed node was written", dirty.live());
        root = BlockPointer.read(dirty.bytes(DirtyNodes.ANCHOR), dirty.offset(DirtyNodes.ANCHOR));
        dirty.releaseAll();
        done = true;
    }

    private void write(int node) {
        ByteBuffer bytes = dirty.bytes(node);
        int offset = dirty.offset(node);
        ByteBuffer parent = dirty.bytes(dirty.parent(node));
        int at = dirty.offsetInParent(node);
        Checks.that(
                Pointers.address(parent, at) == DirtyNodes.reference(node),
                "the parent refers to the node",
                node,
                level);
        if (isAllHoles(bytes, offset)) {
            Pointers.clear(parent, at);
        } else {
            long address = allocator.allocate();
            Checks.that(address > 0, "an allocated address is usable", address);
            sink.write(address, bytes, offset);
            Pointers.set(parent, at, address, cp, crc.ofBlock(bytes, offset), used(bytes, offset));
        }
        dirty.release(node);
    }

    private static boolean isAllHoles(ByteBuffer bytes, int offset) {
        for (int at = offset; at < offset + Pointers.BLOCK_BYTES; at += Pointers.SIZE) {
            if (!Pointers.isHole(bytes, at)) {
                return false;
            }
        }
        return true;
    }

    private static long used(ByteBuffer bytes, int offset) {
        long sum = 0;
        for (int at = offset; at < offset + Pointers.BLOCK_BYTES; at += Pointers.SIZE) {
            sum += Pointers.used(bytes, at);
        }
        return sum;
    }
}
