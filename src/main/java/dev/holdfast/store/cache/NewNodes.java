package dev.holdfast.store.cache;

import dev.holdfast.base.Checks;
import dev.holdfast.base.LongList;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The nodes that a consistency point wrote for the shards of one lane, on their way into the lane's cache: else every
 * read after a root would first have to bring the new way to its block from a device. And what was replaced, on its way
 * out.
 *
 * <p>The committer fills it, and clears it for the next consistency point when the lane has answered; in between the
 * lane reads it. What is beyond the limit is left out, and is read when somebody wants it.
 */
public final class NewNodes {
    private static final int NODE_BYTES = BlockCache.FRAME_BYTES;
    private static final int CHUNK_NODES = 64;
    private static final int MOST_REPLACED = 1 << 17;

    private final int most;
    private final List<ByteBuffer> chunks = new ArrayList<>();
    private final LongList addresses = new LongList();
    private final LongList replaced = new LongList();

    /** Keeps up to {@code most} nodes; their memory is taken when it is first needed. */
    public NewNodes(int most) {
        Checks.that(most >= 0, "a limit is not negative", most);
        this.most = most;
    }

    /** The node at {@code address}, copied from {@code from} at {@code offset}. */
    public void add(long address, ByteBuffer from, int offset) {
        int index = addresses.size();
        if (index == most) {
            return;
        }
        if (index == chunks.size() * CHUNK_NODES) {
            chunks.add(ByteBuffer.allocateDirect(CHUNK_NODES * NODE_BYTES).order(ByteOrder.LITTLE_ENDIAN));
        }
        addresses.add(address);
        bytes(index).put(offset(index), from, offset, NODE_BYTES);
    }

    /** The new root does not reach the node or data block at {@code address}, born at {@code birth}. */
    public void replaces(long address, long birth) {
        if (replaced.size() < 2 * MOST_REPLACED) {
            replaced.add(address);
            replaced.add(birth);
        }
    }

    /** Forgets everything and keeps the memory. */
    public void clear() {
        addresses.clear();
        replaced.clear();
    }

    /** Nodes in it. */
    public int count() {
        return addresses.size();
    }

    /** Where node {@code index} stands. */
    public long address(int index) {
        return addresses.get(index);
    }

    /** The buffer in which node {@code index} lies at {@link #offset}; for absolute access. */
    public ByteBuffer bytes(int index) {
        return chunks.get(index / CHUNK_NODES);
    }

    /** See {@link #bytes}. */
    public int offset(int index) {
        return index % CHUNK_NODES * NODE_BYTES;
    }

    /** Blocks that were replaced, nodes and data. */
    public int replacedCount() {
        return replaced.size() / 2;
    }

    /** {@code cache} lets go of the replaced blocks {@code from} to before {@code to}. */
    public void dropReplaced(int from, int to, BlockCache cache) {
        for (int i = 2 * from; i < 2 * to; i += 2) {
            cache.drop(replaced.get(i), replaced.get(i + 1));
        }
    }

    /** Puts nodes {@code from} to before {@code to} into {@code cache}, born at {@code cp}, if it has frames. */
    public void bring(int from, int to, long cp, BlockCache cache) {
        Checks.that(from >= 0 && to <= count(), "nodes that are there", from, to);
        for (int i = from; i < to; i++) {
            int frame = cache.locate(address(i), cp) >= 0 ? -1 : cache.insert(address(i), cp, true);
            if (frame >= 0) {
                cache.bytes(frame).put(cache.offset(frame), bytes(i), offset(i), NODE_BYTES);
                cache.ready(frame);
            }
        }
    }
}
