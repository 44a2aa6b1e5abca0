package dev.holdfast.store.read;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.store.cache.BlockCache;
import dev.holdfast.store.cache.BlockFetcher;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Serves reads of a lane: everything at hand, one copy into the reply; else the read parks, its blocks are brought in,
 * and it is run again from the start. It changes nothing but the cache.
 *
 * <p>Reads that park reserve the frames they may need, in the order they came, out of half the cache: whoever has his
 * reservation always gets frames, so no set of reads can wait for each other.
 *
 * <p>A block of which no copy verifies is an I/O error only if the tree of the newest root leads to it when the read is
 * run again: a root installed meanwhile may have put the block elsewhere and its old place to other use. And only if no
 * other copy of the shard has it ({@link Mender}); the read waits for their answer as for a device's.
 */
public final class ReadPath implements BlockFetcher.Listener {
    private static final BlockSources.Lacking NOT_NOW = (pointer, node) -> true;

    private final Loop loop;
    private final BlockCache cache;
    private final BlockFetcher fetcher;
    private final ReadEvents events;
    private final Runnable framesWanted;
    private final Mender mender;
    private final BlockSources sources = new BlockSources();
    private final List<ParkedRead> spare = new ArrayList<>();
    private final ArrayDeque<ParkedRead> unreserved = new ArrayDeque<>();
    private List<ParkedRead> starving = new ArrayList<>();
    private List<ParkedRead> starvingBefore = new ArrayList<>();
    private int[] pinStamps;
    private int attempt;
    private final int framesToReserve;
    private int framesReserved;
    private int parked;
    private boolean admitting;
    private boolean asked;
    private long reads;
    private long readsAtHand;
    private long bytesRead;
    private long readAheads;
    private long blocksUnreadable;

    /**
     * Serves reads on {@code loop} from {@code cache}, which {@code array} fills. {@code framesWanted} runs when the
     * cache has become full, and again when it has after each {@link #grow}.
     */
    public ReadPath(
            BlockCache cache, Array array, Loop loop, ReadEvents events, OtherCopies others, Runnable framesWanted) {
        this.mender = new Mender(cache, events, others);
        this.framesWanted = framesWanted;
        this.loop = loop;
        this.cache = cache;
        this.fetcher = new BlockFetcher(cache, array, loop, this);
        this.events = events;
        this.pinStamps = new int[cache.frames()];
        this.framesToReserve = cache.frames() / 2;
        int most = ParkedRead.framesFor(BlockVolume.MAX_TRANSFER_BYTES);
        Checks.that(framesToReserve >= most, "half the cache serves the longest read", cache.frames());
    }

    /** The cache has {@code frames} more from now on. */
    public void grow(int frames) {
        cache.grow(frames);
        pinStamps = Arrays.copyOf(pinStamps, cache.frames());
        fetcher.cacheHasGrown();
        asked = false;
        Marks.reached("read.cache-grew");
    }

    @Override
    public void cacheIsFull() {
        if (!asked && cache.canGrow()) {
            asked = true;
            framesWanted.run();
        }
    }

    /** Serves a READ whose range was checked; false if it had to park. */
    public boolean read(ReadView view, Request request) {
        reads++;
        bytesRead += request.lengthBytes;
        switch (sources.resolve(view, request.offset, (int) request.lengthBytes, cache, NOT_NOW)) {
            case ALL -> {
                readsAtHand++;
                answer(view, request);
            }
            case LOST -> fail(view, request, sources.lostBlock());
            case MISSING -> {
                ParkedRead read = begin(view, request.offset, request.lengthBytes);
                read.request = request;
                park(read, request.lengthBytes);
                return false;
            }
        }
        return true;
    }

    /** Serves a CACHE: brings the range in, as much of it as the cache keeps. */
    public void prefetch(ReadView view, Request request) {
        long lengthBytes = Math.min(request.lengthBytes, cache.frames() / 4L * BlockCache.FRAME_BYTES);
        ParkedRead read = begin(view, request.offset, lengthBytes);
        read.request = request;
        park(read, Math.min(lengthBytes, BlockVolume.MAX_TRANSFER_BYTES));
    }

    /** Serves an EXTENTS. */
    public void extents(ReadView view, Request request) {
        ParkedRead read = begin(view, request.offset, request.lengthBytes);
        read.request = request;
        read.extents = new ExtentsQuery(request);
        park(read, 0);
    }

    /** Brings a range in for a reader who will probably come; false if there is no room for that now. */
    boolean readAhead(ReadView view, long offset, long lengthBytes, ReadAhead owner) {
        int frames = ParkedRead.framesFor(lengthBytes);
        if (!unreserved.isEmpty() || framesReserved + frames > framesToReserve / 2) {
            return false;
        }
        readAheads++;
        ParkedRead read = begin(view, offset, lengthBytes);
        read.readAhead = owner;
        park(read, lengthBytes);
        return true;
    }

    /** Asks other copies of its shard for a block that was found lost, and for which no read waits. */
    public void mend(LostBlock lost) {
        mender.mend(lost);
    }

    /** READs so far. */
    public long reads() {
        return reads;
    }

    /** READs that found everything in memory. */
    public long readsAtHand() {
        return readsAtHand;
    }

    /** Bytes asked for by READs. */
    public long bytesRead() {
        return bytesRead;
    }

    /** Windows of read-ahead started. */
    public long readAheads() {
        return readAheads;
    }

    /** READs that failed because a block could not be read. */
    public long blocksUnreadable() {
        return blocksUnreadable;
    }

    /** Whether nobody waits for a block. */
    public boolean isIdle() {
        return parked == 0;
    }

    /** All the blocks that {@code read} waited for have come, or can't be read. */
    void blocksCame(ParkedRead read) {
        if (read.hasEnded()) {
            recycle(read);
            admit();
        } else {
            attempt(read);
        }
    }

    /** True the first time that the present attempt asks for this frame. */
    boolean isFirstPin(int frame) {
        boolean first = pinStamps[frame] != attempt;
        pinStamps[frame] = attempt;
        return first;
    }

    @Override
    public void repairable(long address, long birth, int checksum, long wrongCopies) {
        events.repairWanted(address, birth, checksum, wrongCopies);
    }

    @Override
    public void readEnded() {
        if (starving.isEmpty() || Mutant.on("read.forget-starving")) {
            return;
        }
        List<ParkedRead> again = starving;
        starving = starvingBefore;
        starvingBefore = again;
        for (int i = 0; i < again.size(); i++) {
            attempt(again.get(i));
        }
        again.clear();
    }

    private ParkedRead begin(ReadView view, long offset, long lengthBytes) {
        ParkedRead read = spare.isEmpty() ? new ParkedRead(this, cache, fetcher) : spare.removeLast();
        read.begin(view, offset, offset + lengthBytes);
        parked++;
        return read;
    }

    private void park(ParkedRead read, long lengthBytesAtOnce) {
        read.frames = ParkedRead.framesFor(lengthBytesAtOnce);
        Checks.that(read.frames <= framesToReserve, "a reservation can be met", read.frames, framesToReserve);
        if (unreserved.isEmpty() && framesReserved + read.frames <= framesToReserve) {
            framesReserved += read.frames;
            attempt(read);
        } else {
            Marks.reached("lane.read-waits-for-frames");
            unreserved.add(read);
        }
    }

    private void attempt(ParkedRead read) {
        ReadView view = read.view();
        Request request = read.request;
        read.beginAttempt();
        attempt++;
        if (read.extents != null) {
            attemptExtents(read, view, read.extents);
            return;
        }
        int lengthBytes = (int) Math.min(read.endOffset - read.offset, BlockVolume.MAX_TRANSFER_BYTES);
        BlockSources.Outcome outcome = sources.resolve(view, read.offset, lengthBytes, read, read);
        if (outcome == BlockSources.Outcome.MISSING) {
            read.endAttempt();
            await(read);
        } else if (request == null || request.kind == Request.Kind.CACHE) {
            read.endAttempt();
            nextWindow(read, lengthBytes);
        } else if (outcome == BlockSources.Outcome.LOST && sources.isLostData() && asksOthers(read, view)) {
            read.endAttempt();
        } else {
            answerParked(read, view, request, outcome);
        }
    }

    private boolean asksOthers(ParkedRead read, ReadView view) {
        LostBlock lost = sources.lostData(view.shard());
        return read.mayAsk(lost) && mender.ask(lost, read);
    }

    /** The reads are copied from before any frame is let go. */
    private void answerParked(ParkedRead read, ReadView view, Request request, BlockSources.Outcome outcome) {
        boolean lost = outcome == BlockSources.Outcome.LOST;
        long lostBlock = lost ? sources.lostBlock() : 0;
        if (!lost) {
            sources.copyInto(view, request.completion().readSpace(request));
        }
        read.endAttempt();
        end(read);
        if (lost) {
            fail(view, request, lostBlock);
        } else {
            request.completion().completed(request, Status.OK);
        }
        admit();
    }

    private void attemptExtents(ParkedRead read, ReadView view, ExtentsQuery extents) {
        ExtentsQuery.Progress progress = extents.run(view, read, read);
        read.endAttempt();
        switch (progress) {
            case MISSING -> await(read);
            case MORE -> loop.post(() -> attempt(read));
            case DONE -> complete(read, Status.OK);
            case LOST -> complete(read, Status.IO_ERROR);
        }
    }

    private void await(ParkedRead read) {
        if (read.readsAwaited() == 0) {
            Checks.that(read.wasToldLater() && fetcher.readsUnderWay() > 0, "somebody will wake a starving read");
            Marks.reached("lane.read-starves");
            starving.add(read);
        }
    }

    private void nextWindow(ParkedRead read, int lengthBytes) {
        Checks.that(lengthBytes > 0, "a window has bytes", read.offset, read.endOffset);
        read.offset += lengthBytes;
        if (read.offset >= read.endOffset) {
            complete(read, Status.OK);
        } else if (read.readsAwaited() == 0) {
            loop.post(() -> attempt(read));
        }
    }

    private void complete(ParkedRead read, Status status) {
        Request request = read.request;
        ReadAhead readAhead = read.readAhead;
        boolean brought = read.hasBrought();
        end(read);
        if (request != null) {
            request.completion().completed(request, status);
        }
        if (readAhead != null) {
            readAhead.ended(brought);
        }
        admit();
    }

    private void end(ParkedRead read) {
        read.end();
        if (read.readsAwaited() == 0) {
            recycle(read);
        }
    }

    private void recycle(ParkedRead read) {
        framesReserved -= read.frames;
        parked--;
        Checks.that(framesReserved >= 0 && parked >= 0, "reservations end once", framesReserved, parked);
        spare.add(read);
    }

    /** Those who wait for a reservation, in the order they came. */
    private void admit() {
        if (admitting) {
            return;
        }
        admitting = true;
        while (!unreserved.isEmpty() && framesReserved + unreserved.getFirst().frames <= framesToReserve) {
            ParkedRead read = unreserved.removeFirst();
            framesReserved += read.frames;
            attempt(read);
        }
        admitting = false;
    }

    private void answer(ReadView view, Request request) {
        sources.copyInto(view, request.completion().readSpace(request));
        request.completion().completed(request, Status.OK);
    }

    private void fail(ReadView view, Request request, long lostBlock) {
        blocksUnreadable++;
        events.blockUnreadable(view.shard(), lostBlock);
        request.completion().completed(request, Status.IO_ERROR);
    }
}
