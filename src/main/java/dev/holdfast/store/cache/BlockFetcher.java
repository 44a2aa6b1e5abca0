package dev.holdfast.store.cache;

import dev.holdfast.array.Array;
import dev.holdfast.array.BlockRead;
import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.store.tree.PointerSlot;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Brings blocks from the array into the cache: one read per block however many wait for it, neighbours in one read.
 * It knows nothing of who asks or why.
 *
 * <p>A block none of whose copies verifies stays in the cache as BAD while those who waited are told, so that they see
 * it, and is forgotten then: whoever asks later makes a new attempt.
 */
public final class BlockFetcher {
    /** Most reads under way at once. */
    static final int MAX_READS = 64;

    private static final int BLOCK_BYTES = BlockCache.FRAME_BYTES;

    private final BlockCache cache;
    private final Array array;
    private final Loop loop;
    private final Listener listener;
    private final List<Fetch> idle = new ArrayList<>(MAX_READS);
    private Fetch[] underWay;
    private final Fetch none;
    private Fetch gathering;
    private int fetches;

    /** Told of what goes on. */
    public interface Listener {
        /** A block was good somewhere and wrong in the members whose bits are set. */
        void repairable(long address, long birth, int checksum, long wrongCopies);

        /** A read has ended, and everybody who waited for it was told. */
        void readEnded();

        /** A block comes in and pushes another one out. */
        void cacheIsFull();
    }

    /** Somebody who waits for blocks. */
    public interface Waiter {
        /** One of the reads that this waits for has ended; called once for every read. */
        void fetched();
    }

    /** Fetches into {@code cache}; every call, and every completion, on {@code loop}. */
    public BlockFetcher(BlockCache cache, Array array, Loop loop, Listener listener) {
        this.cache = cache;
        this.array = array;
        this.loop = loop;
        this.listener = listener;
        this.underWay = new Fetch[cache.frames()];
        this.none = new Fetch();
        this.gathering = none;
    }

    /** What {@link #want} has to say besides a frame. */
    public enum Wanted {
        /** The read is under way or will be with {@link #issue}; the waiter is told once more than before. */
        NEW_READ,
        /** The block comes with a read that the waiter waits for already. */
        SAME_READ,
        /** Too much is under way: ask again after {@link Listener#readEnded}. */
        LATER
    }

    /**
     * {@code waiter} wants the block, which is not READY in the cache. Its frame is {@link BlockCache#locate}d then.
     */
    public Wanted want(PointerSlot pointer, boolean node, Waiter waiter) {
        int frame = cache.locate(pointer.address(), pointer.birth());
        if (frame >= 0) {
            Checks.that(cache.isLoading(frame), "a block that is wanted is not at hand", pointer.address());
            return underWay[frame].add(waiter);
        }
        if (!canAppend(pointer.address())) {
            issue();
            if (idle.isEmpty() && fetches == MAX_READS) {
                return Wanted.LATER;
            }
            gathering = idle.isEmpty() ? newFetch() : idle.removeLast();
            gathering.read.address = pointer.address();
            gathering.read.blocks = 0;
        }
        if (cache.isFull()) {
            listener.cacheIsFull();
        }
        frame = cache.insert(pointer.address(), pointer.birth(), node);
        if (frame < 0) {
            issue();
            return Wanted.LATER;
        }
        underWay[frame] = gathering;
        return gathering.append(frame, pointer, waiter);
    }

    /** The cache has grown. */
    public void cacheHasGrown() {
        underWay = Arrays.copyOf(underWay, cache.frames());
    }

    /** Starts what was gathered. */
    public void issue() {
        Fetch fetch = gathering;
        gathering = none;
        if (fetch == none) {
            return;
        }
        if (fetch.read.blocks == 0) {
            idle.add(fetch);
            return;
        }
        fetch.read.into = fetch.target();
        array.read(fetch.read);
    }

    /** Reads under way. */
    public int readsUnderWay() {
        return fetches - idle.size() - (gathering == none ? 0 : 1);
    }

    private boolean canAppend(long address) {
        BlockRead read = gathering.read;
        return gathering != none && read.blocks < BlockRead.MAX_BLOCKS && read.address + read.blocks == address;
    }

    private Fetch newFetch() {
        fetches++;
        return new Fetch();
    }

    private void done(Fetch fetch) {
        BlockRead read = fetch.read;
        for (int i = 0; i < read.blocks; i++) {
            Checks.that(underWay[fetch.frames[i]] == fetch, "a frame is filled by one read", fetch.frames[i]);
            if ((read.bad >>> i & 1) != 0) {
                cache.bad(fetch.frames[i]);
                continue;
            }
            fetch.fill(i);
            cache.ready(fetch.frames[i]);
            if ((read.repairable >>> i & 1) != 0) {
                listener.repairable(read.address + i, fetch.births[i], read.checksums[i], read.wrongCopies);
            }
        }
        for (int i = 0; i < fetch.waiters.size(); i++) {
            fetch.waiters.get(i).fetched();
        }
        for (int i = 0; i < read.blocks; i++) {
            if ((read.bad >>> i & 1) != 0) {
                cache.forget(fetch.frames[i]);
            }
        }
        fetch.waiters.clear();
        idle.add(fetch);
        listener.readEnded();
    }

    /** One read of neighbours, and who waits for it. */
    private final class Fetch {
        private final BlockRead read;
        private final int[] frames = new int[BlockRead.MAX_BLOCKS];
        private final long[] births = new long[BlockRead.MAX_BLOCKS];
        private final List<Waiter> waiters = new ArrayList<>();
        private ByteBuffer staging = ByteBuffer.allocate(0);

        Fetch() {
            read = new BlockRead(staging, loop, ended -> done(this));
        }

        Wanted append(int frame, PointerSlot pointer, Waiter waiter) {
            frames[read.blocks] = frame;
            births[read.blocks] = pointer.birth();
            read.checksums[read.blocks] = pointer.checksum();
            read.blocks++;
            return add(waiter);
        }

        /** A waiter asks for all it lacks in one go, so if it is in the list already, it is the last. */
        Wanted add(Waiter waiter) {
            if (!waiters.isEmpty() && waiters.getLast() == waiter) {
                return Wanted.SAME_READ;
            }
            waiters.add(waiter);
            return Wanted.NEW_READ;
        }

        /** A lone block is read right into its frame; neighbours need room in one piece. */
        ByteBuffer target() {
            if (read.blocks == 1) {
                int at = cache.offset(frames[0]);
                return cache.bytes(frames[0])
                        .duplicate()
                        .limit(at + BLOCK_BYTES)
                        .position(at);
            }
            if (staging.capacity() == 0) {
                int lengthBytes = BlockRead.MAX_BLOCKS * BLOCK_BYTES;
                staging = ByteBuffer.allocateDirect(lengthBytes + BLOCK_BYTES).alignedSlice(BLOCK_BYTES);
            }
            return staging.position(0).limit(read.blocks * BLOCK_BYTES);
        }

        void fill(int index) {
            if (read.blocks > 1) {
                int frame = frames[index];
                cache.bytes(frame).put(cache.offset(frame), staging, index * BLOCK_BYTES, BLOCK_BYTES);
            }
        }
    }
}
