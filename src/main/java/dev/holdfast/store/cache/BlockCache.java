package dev.holdfast.store.cache;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.tree.NodeSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Verified blocks of the array in memory, nodes and data, within a fixed number of frames. It reads nothing itself:
 * {@link BlockFetcher} brings blocks in.
 *
 * <ol>
 *   <li>Address and birth together name one content for ever, so nothing in here is ever stale: a block that is written
 *       anew has another birth.
 *   <li>Only a READY frame is found; a frame being filled, or filled with bytes that did not verify, is not.
 *   <li>A frame that is being filled or is pinned never leaves.
 * </ol>
 *
 * <p>What leaves is decided by CLOCK: a hand goes round and takes the first frame that was not used since it last came
 * by. Data enters unused, so a scan that reads everything once pushes out only itself; nodes survive two more rounds.
 * Nothing is allocated per operation; memory grows in chunks of 4 MiB as frames are first used.
 */
public final class BlockCache implements NodeSource {
    /** Bytes of a frame. */
    public static final int FRAME_BYTES = 4096;

    private static final int CHUNK_BITS = 10;
    private static final int CHUNK_FRAMES = 1 << CHUNK_BITS;

    private static final int MOST_FRAMES = 1 << 28;

    private static final int STATE = 7;
    private static final int FREE = 0;
    private static final int LOADING = 1;
    private static final int READY = 2;
    private static final int BAD = 3;
    private static final int ORPHAN = 4;
    private static final int NODE = 8;
    private static final int USE = 16;
    private static final int MOST_USE = 3;
    private static final int DATA_USE = 1;

    private int frames;
    private ByteBuffer[] chunks;
    private int[] table;
    private long[] keys;
    private byte[] flags;
    private short[] pins;
    private int untouched;
    private int[] free = new int[64];
    private int freeCount;
    private int hand;
    private int inUse;

    /** A cache of {@code frames} blocks; memory is taken as they fill. */
    public BlockCache(int frames) {
        Checks.that(frames > 0 && frames <= MOST_FRAMES, "a cache has frames", frames);
        this.frames = frames;
        chunks = new ByteBuffer[(frames + CHUNK_FRAMES - 1) / CHUNK_FRAMES];
        table = new int[tableLength(frames)];
        keys = new long[2 * frames];
        flags = new byte[frames];
        pins = new short[frames];
    }

    /** Whether it can {@link #grow}: it ends with a whole chunk. */
    public boolean canGrow() {
        return frames % CHUNK_FRAMES == 0;
    }

    /** Has {@code more} frames from now on; blocks stay where they are. It is as long as looking at all of them. */
    public void grow(int more) {
        Checks.that(canGrow() && more > 0 && more <= MOST_FRAMES - frames, "a cache grows within bounds", more);
        frames += more;
        chunks = Arrays.copyOf(chunks, (frames + CHUNK_FRAMES - 1) / CHUNK_FRAMES);
        keys = Arrays.copyOf(keys, 2 * frames);
        flags = Arrays.copyOf(flags, frames);
        pins = Arrays.copyOf(pins, frames);
        if (table.length < tableLength(frames)) {
            table = new int[tableLength(frames)];
            for (int frame = 0; frame < untouched; frame++) {
                int state = flags[frame] & STATE;
                if (state != FREE && state != ORPHAN) {
                    link(frame);
                }
            }
        }
    }

    /** Frames there are. */
    public int frames() {
        return frames;
    }

    /** Frames that hold or await a block. */
    public int inUse() {
        return inUse;
    }

    /** Whether a block that comes in pushes another one out. */
    public boolean isFull() {
        return freeCount == 0 && untouched == frames;
    }

    /** The verified block, counted as used; -1 if it is not here. */
    @Override
    public long find(long address, long birth) {
        int frame = locate(address, birth);
        if (frame < 0 || (flags[frame] & STATE) != READY) {
            return -1;
        }
        touch(frame);
        return frame;
    }

    @Override
    public ByteBuffer bytes(long handle) {
        return chunks[(int) handle >>> CHUNK_BITS];
    }

    @Override
    public int offset(long handle) {
        return ((int) handle & CHUNK_FRAMES - 1) * FRAME_BYTES;
    }

    /** The frame of the block in whatever state it is, or -1. */
    public int locate(long address, long birth) {
        int mask = table.length - 1;
        long key = key(birth);
        int at = home(address, key, mask);
        while (table[at] != 0) {
            int frame = table[at] - 1;
            if (keys[2 * frame] == address && keys[2 * frame + 1] == key) {
                return frame;
            }
            at = at + 1 & mask;
        }
        return -1;
    }

    /**
     * A frame for a block that is not here, to be filled and then made {@link #ready}; something unused leaves for it.
     * -1 if every frame is pinned or being filled.
     */
    public int insert(long address, long birth, boolean node) {
        Checks.that(address > 0 && birth > 0, "a block has an address and a birth", address, birth);
        int frame = claim();
        if (frame < 0) {
            return -1;
        }
        Checks.that(pins[frame] == 0, "a frame is claimed when nobody needs it", frame);
        keys[2 * frame] = address;
        keys[2 * frame + 1] = key(birth);
        flags[frame] = (byte) (LOADING | (node ? NODE | 2 * USE : 0));
        link(frame);
        inUse++;
        return frame;
    }

    /** The frame is filled with verified bytes. */
    public void ready(int frame) {
        become(frame, LOADING, READY);
    }

    /** The frame could not be filled: no copy of its block verifies. */
    public void bad(int frame) {
        become(frame, LOADING, BAD);
    }

    /** Whether the frame is being filled. */
    public boolean isLoading(int frame) {
        return (flags[frame] & STATE) == LOADING;
    }

    /** Whether it turned out that the frame's block can't be read. */
    public boolean isBad(int frame) {
        return (flags[frame] & STATE) == BAD;
    }

    /** The frame's block is not here any more; the frame is used again once nobody has it pinned. */
    public void forget(int frame) {
        Checks.that(isBad(frame) || isLoading(frame), "only blocks that can't be read are forgotten", frame);
        unlink(frame);
        inUse--;
        if (pins[frame] == 0) {
            release(frame);
        } else {
            become(frame, flags[frame] & STATE, ORPHAN);
        }
    }

    /** The block is of no use any more: its frame is free, unless somebody needs it just now. */
    public void drop(long address, long birth) {
        int frame = locate(address, birth);
        if (frame >= 0 && (flags[frame] & STATE) == READY && pins[frame] == 0) {
            unlink(frame);
            inUse--;
            release(frame);
        }
    }

    /** Keeps the frame here until as many {@link #unpin}. */
    public void pin(int frame) {
        Checks.that((flags[frame] & STATE) != FREE, "a frame in use is pinned", frame);
        Checks.that(pins[frame] < Short.MAX_VALUE, "pins are bounded", frame);
        pins[frame]++;
    }

    /** Undoes one {@link #pin}. */
    public void unpin(int frame) {
        Checks.that(pins[frame] > 0, "what is unpinned was pinned", frame);
        pins[frame]--;
        if (pins[frame] == 0 && (flags[frame] & STATE) == ORPHAN) {
            release(frame);
        }
    }

    private void touch(int frame) {
        int now = flags[frame];
        int most = (now & NODE) != 0 ? MOST_USE * USE : DATA_USE * USE;
        if ((now & MOST_USE * USE) < most) {
            flags[frame] = (byte) (now + USE);
        }
    }

    private void become(int frame, int from, int to) {
        Checks.that((flags[frame] & STATE) == from, "a frame goes from state to state in order", frame, from, to);
        flags[frame] = (byte) (flags[frame] & ~STATE | to);
    }

    private void release(int frame) {
        flags[frame] = FREE;
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, 2 * freeCount);
        }
        free[freeCount++] = frame;
    }

    /** A frame that holds nothing, or -1. */
    private int claim() {
        if (freeCount > 0) {
            return free[--freeCount];
        }
        if (untouched < frames) {
            int chunk = untouched >>> CHUNK_BITS;
            if (untouched % CHUNK_FRAMES == 0) {
                chunks[chunk] = newChunk(Math.min(CHUNK_FRAMES, frames - untouched));
            }
            return untouched++;
        }
        return evict();
    }

    private int evict() {
        long patience = (MOST_USE + 2L) * frames;
        for (long step = 0; step < patience; step++) {
            int frame = hand;
            hand = hand + 1 == frames ? 0 : hand + 1;
            int now = flags[frame];
            if ((now & STATE) != READY || pins[frame] > 0) {
                continue;
            }
            if ((now & MOST_USE * USE) == 0) {
                unlink(frame);
                inUse--;
                flags[frame] = FREE;
                return frame;
            }
            flags[frame] = (byte) (now - USE);
        }
        return -1;
    }

    private void link(int frame) {
        int mask = table.length - 1;
        int at = home(keys[2 * frame], keys[2 * frame + 1], mask);
        while (table[at] != 0) {
            Checks.that(table[at] != frame + 1, "a frame is in the table once", frame);
            at = at + 1 & mask;
        }
        table[at] = frame + 1;
    }

    /** Takes the frame out of the table and closes the gap, so that no search ends too early. */
    private void unlink(int frame) {
        int mask = table.length - 1;
        int gap = home(keys[2 * frame], keys[2 * frame + 1], mask);
        while (table[gap] != frame + 1) {
            Checks.that(table[gap] != 0, "a frame in use is in the table", frame);
            gap = gap + 1 & mask;
        }
        for (int at = gap + 1 & mask; table[at] != 0; at = at + 1 & mask) {
            int other = table[at] - 1;
            int wish = home(keys[2 * other], keys[2 * other + 1], mask);
            if ((at - wish & mask) >= (at - gap & mask)) {
                table[gap] = table[at];
                gap = at;
            }
        }
        table[gap] = 0;
    }

    private static int tableLength(int frames) {
        return Integer.highestOneBit(frames) << 2;
    }

    private static long key(long birth) {
        return Mutant.on("cache.ignore-birth") ? 1 : birth;
    }

    private static int home(long address, long birth, int mask) {
        return (int) ((address ^ birth * 0xC2B2AE3D27D4EB4FL) * 0x9E3779B97F4A7C15L >>> 32) & mask;
    }

    private static ByteBuffer newChunk(int frames) {
        return ByteBuffer.allocateDirect((frames + 1) * FRAME_BYTES)
                .alignedSlice(FRAME_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}
