package dev.holdfast.store.read;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import dev.holdfast.store.cache.BlockCache;
import dev.holdfast.store.cache.BlockFetcher;
import dev.holdfast.store.tree.NodeSource;
import dev.holdfast.store.tree.PointerSlot;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One read that has to wait for blocks, and the frames it must not lose meanwhile. It decides nothing: {@link ReadPath}
 * runs it again when its blocks have come.
 *
 * <p>Every block that an attempt finds or asks for stays pinned until the next attempt has pinned its own, so every
 * attempt lacks less than the one before, whatever else goes on in a small cache. Pins are bounded by what was
 * reserved.
 */
final class ParkedRead implements BlockFetcher.Waiter, NodeSource, BlockSources.Lacking {
    /** Nodes on the way to a range of the longest transfer, over six levels, with room to spare. */
    private static final int NODES = 24;

    /** So often others are asked for one block; what they gave may have left the cache before it was used. */
    private static final int MOST_ASKS = 3;

    private static final int MOST_PINS = BlockSources.MAX_BLOCKS + NODES;

    private final ReadPath path;
    private final BlockCache cache;
    private final BlockFetcher fetcher;
    private int[] pinned = new int[MOST_PINS];
    private int[] pinnedBefore = new int[MOST_PINS];
    private int pins;
    private int pinsBefore;
    private int readsAwaited;
    private boolean toldLater;
    private boolean ended = true;
    private boolean brought;
    private long askedAddress;
    private int asks;

    /** Frames reserved for it. */
    int frames;

    private @Nullable ReadView view;

    /** Who asked; absent for a read-ahead. */
    @Nullable
    Request request;

    /** Told when a read-ahead has ended. */
    @Nullable
    ReadAhead readAhead;

    /** For EXTENTS. */
    @Nullable
    ExtentsQuery extents;

    /** First byte that is to be at hand next. */
    long offset;

    /** First byte after everything that is to be at hand. */
    long endOffset;

    ParkedRead(ReadPath path, BlockCache cache, BlockFetcher fetcher) {
        this.path = path;
        this.cache = cache;
        this.fetcher = fetcher;
    }

    /** Frames that a read of {@code lengthBytes} may need at once. */
    static int framesFor(long lengthBytes) {
        return (int) (lengthBytes / BlockCache.FRAME_BYTES) + 2 + NODES;
    }

    /** Stands for a new read. */
    void begin(ReadView forView, long from, long to) {
        Checks.that(ended && pins == 0 && readsAwaited == 0, "a parked read is used again when it is over", pins);
        view = forView;
        offset = from;
        endOffset = to;
        Checks.that(0 <= from && from < to, "a read has a range", from, to);
        ended = false;
        brought = false;
        askedAddress = 0;
        asks = 0;
    }

    /** What it reads from. */
    ReadView view() {
        if (view == null) {
            throw Checks.unreachable("a read that goes on has something to read from");
        }
        return view;
    }

    /** What is pinned from here on replaces what was pinned by the attempt before. */
    void beginAttempt() {
        Checks.that(!ended && readsAwaited == 0 && pinsBefore == 0, "all reads have ended", readsAwaited);
        int[] swap = pinnedBefore;
        pinnedBefore = pinned;
        pinned = swap;
        pinsBefore = pins;
        pins = 0;
        toldLater = false;
    }

    /** The attempt is over: starts the reads it asked for and lets go of what only the one before needed. */
    void endAttempt() {
        fetcher.issue();
        for (int i = 0; i < pinsBefore; i++) {
            cache.unpin(pinnedBefore[i]);
        }
        pinsBefore = 0;
    }

    /** Lets go of every frame and of whoever asked. Reads it started may still be under way. */
    void end() {
        Checks.that(!ended && pinsBefore == 0, "a read ends once, after an attempt", pinsBefore);
        for (int i = 0; i < pins; i++) {
            cache.unpin(pinned[i]);
        }
        pins = 0;
        ended = true;
        view = null;
        request = null;
        readAhead = null;
        extents = null;
    }

    /** Whether other copies may be asked for {@code lost}. */
    boolean mayAsk(LostBlock lost) {
        return askedAddress != lost.address() || asks < MOST_ASKS;
    }

    /** Other copies are asked for {@code lost}; it waits for that as for a read. */
    void asked(LostBlock lost) {
        Checks.that(!ended && request != null, "somebody waits", lost.block());
        asks = askedAddress == lost.address() ? asks + 1 : 1;
        askedAddress = lost.address();
        readsAwaited++;
    }

    boolean hasEnded() {
        return ended;
    }

    /** Reads it waits for. */
    int readsAwaited() {
        return readsAwaited;
    }

    /** Whether any block had to be read for it. */
    boolean hasBrought() {
        return brought;
    }

    /** Whether some block could not even be asked for, because too much was under way. */
    boolean wasToldLater() {
        return toldLater;
    }

    @Override
    public void fetched() {
        Checks.that(readsAwaited > 0, "reads end once", readsAwaited);
        readsAwaited--;
        if (readsAwaited == 0) {
            path.blocksCame(this);
        }
    }

    @Override
    public boolean lacks(PointerSlot pointer, boolean node) {
        int frame = cache.locate(pointer.address(), pointer.birth());
        if (frame >= 0 && cache.isBad(frame)) {
            return false;
        }
        if (toldLater) {
            return true;
        }
        switch (fetcher.want(pointer, node, this)) {
            case NEW_READ -> readsAwaited++;
            case LATER -> toldLater = true;
            case SAME_READ -> {}
        }
        if (!toldLater) {
            brought = true;
            pin(cache.locate(pointer.address(), pointer.birth()));
        }
        return true;
    }

    @Override
    public long find(long address, long birth) {
        long handle = cache.find(address, birth);
        if (handle >= 0 && (extents == null || pins < NODES)) {
            pin((int) handle);
        }
        return handle;
    }

    @Override
    public ByteBuffer bytes(long handle) {
        return cache.bytes(handle);
    }

    @Override
    public int offset(long handle) {
        return cache.offset(handle);
    }

    private void pin(int frame) {
        if (path.isFirstPin(frame)) {
            Checks.that(pins < MOST_PINS, "a read pins what it reserved", pins);
            cache.pin(frame);
            pinned[pins++] = frame;
        }
    }
}
