package dev.holdfast.store.work;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.tree.BlockPointer;
import dev.holdfast.store.tree.FreeMap;
import dev.holdfast.store.tree.PagePool;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.Pointers;
import dev.holdfast.store.tree.Run;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * What every part of a pool's committer works on: the state of the newest root and the way to blocks. It decides
 * nothing.
 * Only the committer's loop touches it.
 */
public final class Core implements NodeLoader.Finds {
    private static final int MAX_PAGES = 1 << 18;
    private static final int LOADED_BLOCKS_BUDGET = 16384;

    public final Array array;
    public final Loop loop;
    public final Clock clock;
    public final Trouble trouble;
    public final StagingWriter staging;
    public final LoadedBlocks blocks = new LoadedBlocks(LOADED_BLOCKS_BUDGET);
    public final PagePool pages = new PagePool(MAX_PAGES);
    public final TreeMap<Integer, ShardState> shards = new TreeMap<>();
    public final Crc32c crc = new Crc32c();
    public final List<BlockPointer> missing = new ArrayList<>();

    /** Birth by address: an address that was lost is as good as any once something else is born there. */
    private final TreeMap<Long, Long> lost = new TreeMap<>();

    public FreeMap freeMap;
    private Twin twin = Twin.NONE;
    public final NodeLoader loader;

    public Core(Array array, Loop loop, Clock clock, FreeMap freeMap, Trouble trouble) {
        this.array = array;
        this.loop = loop;
        this.clock = clock;
        this.freeMap = freeMap;
        this.trouble = trouble;
        this.staging = new StagingWriter(array, loop, trouble);
        this.loader = new NodeLoader(blocks, array, loop, this);
    }

    /** Who is told what is made here for a copy at another place. */
    public Twin twin() {
        return twin;
    }

    /** From now on {@code told} is. */
    public void twin(Twin told) {
        twin = told;
        staging.tell(told);
    }

    /** Blocks of the array. */
    public long dataBlocks() {
        return array.dataBlocks();
    }

    /** One free address; those given one after another follow one another where the free map allows. */
    public long allocate() {
        return freeMap.allocate();
    }

    /** Up to {@code wanted} free addresses in a row. */
    public void allocate(int wanted, Run out) {
        Checks.that(freeMap.allocate(wanted, out), "admission keeps back what a consistency point needs", wanted);
    }

    /** The root being made does not reach this block, nor does any snapshot. */
    public void free(long address, long birth, boolean node) {
        Checks.that(address > 0 && birth > 0, "what is freed was written", address, birth);
        freeMap.free(address, birth);
    }

    /** Writes a block and keeps it at hand: for nodes. */
    public void writeNode(long cp, long address, ByteBuffer bytes, int offset) {
        Checks.that(address > 0, "address 0 is never used", address);
        staging.write(address, bytes, offset);
        blocks.put(address, cp, bytes, offset);
    }

    /** True if no copy of the block born at {@code birth} at {@code address} could be read since the start. */
    public boolean isLost(long address, long birth) {
        return lost.getOrDefault(address, -1L) == birth;
    }

    /** The block born at {@code birth} at {@code address} can be read again: what stood in its place goes. */
    public void found(long address, long birth) {
        if (isLost(address, birth)) {
            lost.remove(address);
            blocks.forget();
        }
    }

    /**
     * No copy of a block verifies. In its place stands a node all of whose blocks are unreadable, in case it was a
     * node;
     * who wanted data asks {@link #isLost}.
     */
    @Override
    public void unreadable(BlockPointer pointer) {
        lost.put(pointer.address(), pointer.birth());
        trouble.blockLost(pointer.address());
        ByteBuffer page = ByteBuffer.allocate(StagingWriter.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < StagingWriter.BLOCK_BYTES; at += Pointers.SIZE) {
            Pointers.setUnreadable(page, at, pointer.birth());
        }
        blocks.put(pointer.address(), pointer.birth(), page, 0);
    }

    @Override
    public void unanswered() {
        trouble.failed("a device does not work; what is on it may be whole: start again when it does");
    }

    @Override
    public void wrongCopy(BlockPointer pointer, long copies) {
        trouble.copyWrong(pointer.address(), pointer.checksum(), copies);
    }

    /** Notes a block that must be loaded. */
    public void miss(PointerSlot pointer) {
        if (pointer.address() == 0) {
            trouble.failed("a tree block above other tree blocks is unreadable");
            return;
        }
        missing.add(pointer.toPointer());
    }

    /** If blocks were missed, starts loading them and answers true; the runner resumes when they are there. */
    public boolean loadMissing(Runner runner) {
        if (missing.isEmpty()) {
            return false;
        }
        List<BlockPointer> wanted = List.copyOf(missing);
        missing.clear();
        loader.load(wanted, runner::resume);
        return true;
    }
}
