package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.ImageSource;
import dev.holdfast.mirror.KeptSnapshots;
import dev.holdfast.mirror.Position;
import dev.holdfast.store.PinnedRoots;
import dev.holdfast.store.root.RootMarks;
import dev.holdfast.store.tree.Lookup;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Reads an image for one node out of a pinned root: what was changed since an older root, or everything. One piece at a
 * time is in memory, and a few blocks are being read. It keeps no pin: who made it does.
 */
final class ImageReader implements ImageSource {
    private static final int BLOCK_BYTES = ImagePiece.BLOCK_BYTES;
    private static final int MOST_IN_FLIGHT = 16;
    private static final int MOST_TRIES = 3;
    private static final long RETRY_NANOS = 1_000_000_000L;

    private final int shard;
    private final Loop loop;
    private final PinnedRoots roots;
    private final long base;
    private final long since;
    private final PinnedRoots.Pin pin;
    private final Runnable read;
    private final ArrayDeque<PinnedRoots.Difference> differences = new ArrayDeque<>();
    private final TreeSet<Long> lost = new TreeSet<>();
    private final int pieceBlocks;
    private final ByteBuffer bytes;
    private final List<Long> blocks = new ArrayList<>();
    private Optional<BlockVolume> contents = Optional.empty();
    private Optional<ImagePiece> piece = Optional.empty();
    private Runnable ended = () -> {};
    private long comparedTo;
    private long nextBlock;
    private boolean busy;
    private boolean isReading;
    private boolean failed;
    private boolean isEnding;
    private long pieceFirst;
    private List<ImagePiece.Run> pieceRuns = List.of();
    private int asked;
    private int inFlight;
    private int tries;
    private long failedBlock = -1;
    private boolean isCounting;
    private boolean isCounted;
    private long countedBlocks;
    private long givenBlocks;

    /**
     * What is read.
     *
     * @param shard in the pool
     * @param pin the root
     * @param base of what was changed since this one; absent: of everything
     * @param pieceBlocks blocks with bytes in a piece, and runs, at most
     */
    record Of(int shard, PinnedRoots.Pin pin, Optional<RootMarks.Mark> base, int pieceBlocks) {}

    /** An image; {@code read} is run when a piece is there. */
    ImageReader(Of of, Loop loop, PinnedRoots roots, Runnable read) {
        this.shard = of.shard;
        this.pin = of.pin;
        this.base = of.base.map(RootMarks.Mark::seq).orElse(0L);
        this.since = of.base.map(RootMarks.Mark::cp).orElse(0L);
        this.pieceBlocks = of.pieceBlocks;
        this.bytes = ByteBuffer.allocateDirect(pieceBlocks * BLOCK_BYTES);
        this.loop = loop;
        this.roots = roots;
        this.read = read;
    }

    /** What it is of. */
    PinnedRoots.Pin pin() {
        return pin;
    }

    /** Only who has all up to this change can take it; 0: everybody. */
    long base() {
        return base;
    }

    /** The contents of the pin can be read; without any, it is not there. */
    void open(Optional<BlockVolume> volume) {
        contents = volume;
        failed |= volume.isEmpty();
    }

    /** Whether it can say something. */
    boolean isOpen() {
        return contents.isPresent() && !failed;
    }

    /** Whether a pin was not there: another reader is needed. */
    boolean hasFailed() {
        return failed;
    }

    /** Nothing is wanted any more; {@code then} runs once nothing is being read. */
    void end(Runnable then) {
        Checks.that(!isEnding, "an image ends once", shard);
        isEnding = true;
        ended = then;
        lookEnded();
    }

    private void lookEnded() {
        if (isEnding && !busy) {
            Runnable then = ended;
            ended = () -> {};
            then.run();
        }
    }

    @Override
    public Position to() {
        return new Position(pin.epoch(), pin.seq());
    }

    @Override
    public KeptSnapshots kept() {
        PinnedRoots.Snapshots snapshots = pin.snapshots();
        return new KeptSnapshots(snapshots.ids(), snapshots.made(), snapshots.name());
    }

    @Override
    public boolean isAll() {
        return since == 0;
    }

    @Override
    public long leftBlocks() {
        return isCounted ? Math.max(0, countedBlocks - givenBlocks) : -1;
    }

    @Override
    public long sizeBytes() {
        return pin.sizeBytes();
    }

    @Override
    public Optional<ImagePiece> piece(long first) {
        Checks.that(first >= 0 && first <= endBlock(), "a piece is inside", first, endBlock());
        if (piece.isPresent() && piece.get().first() == first) {
            return piece;
        }
        if (!busy && !failed && !isEnding) {
            busy = true;
            piece = Optional.empty();
            if (nextBlock != first) {
                seek(first);
            }
            if (!isCounting) {
                isCounting = true;
                count(first);
            }
            gather(first);
        }
        return Optional.empty();
    }

    /** What there is to be read from {@code first} on: that is in the tree, and no block is looked at for it. */
    private void count(long first) {
        if (first >= endBlock() || (first == 0 && isAll())) {
            isCounted = true;
            countedBlocks += first == 0 ? pin.usedBlocks() : 0;
            return;
        }
        roots.differences(shard, since, pin.id(), first, loop, compared -> {
            if (!compared.found() || isEnding) {
                return;
            }
            for (PinnedRoots.Difference next : compared.list()) {
                countedBlocks += next.now() == Lookup.FOUND ? next.blocks() : 0;
            }
            count(compared.endBlock());
        });
    }

    private void seek(long first) {
        differences.clear();
        nextBlock = first;
        comparedTo = first;
    }

    /** Takes what differs from {@code first} on, as much as fits into a piece; asks for more if there is nothing. */
    private void gather(long first) {
        if (differences.isEmpty() && comparedTo < endBlock()) {
            roots.differences(shard, since, pin.id(), comparedTo, loop, compared -> compared(first, compared));
            return;
        }
        List<ImagePiece.Run> runs = new ArrayList<>();
        blocks.clear();
        while (!differences.isEmpty() && runs.size() < pieceBlocks && blocks.size() < pieceBlocks) {
            runs.add(take(differences.removeFirst()));
        }
        nextBlock = differences.isEmpty() ? comparedTo : differences.getFirst().first();
        Checks.that(blocks.size() <= pieceBlocks, "a piece is not long", blocks.size());
        bytes.clear().limit(blocks.size() * BLOCK_BYTES);
        pieceFirst = first;
        pieceRuns = runs;
        tries = 0;
        readAll();
    }

    /** As much of a difference as fits; the rest is the next one. */
    private ImagePiece.Run take(PinnedRoots.Difference next) {
        long first = next.first();
        boolean isLost = lost.contains(first);
        boolean hasBytes = next.now() == Lookup.FOUND && !isLost;
        long count = next.blocks();
        if (hasBytes) {
            Long stop = lost.higher(first);
            count = Math.min(count, pieceBlocks - blocks.size());
            count = stop == null ? count : Math.min(count, stop - first);
            for (long block = first; block < first + count; block++) {
                blocks.add(block);
            }
        } else if (next.now() == Lookup.FOUND) {
            count = 1;
        }
        if (count < next.blocks()) {
            differences.addFirst(new PinnedRoots.Difference(first + count, next.blocks() - count, next.now()));
        }
        return new ImagePiece.Run(kind(next.now(), isLost), first, count);
    }

    private static ImagePiece.Kind kind(Lookup now, boolean isLost) {
        return switch (now) {
            case FOUND -> isLost ? ImagePiece.Kind.ERRORS : ImagePiece.Kind.BYTES;
            case HOLE -> ImagePiece.Kind.ZEROES;
            case UNREADABLE -> ImagePiece.Kind.ERRORS;
            case MISSING -> throw Checks.unreachable("what was compared is known");
        };
    }

    private void compared(long first, PinnedRoots.Compared compared) {
        failed |= !compared.found();
        if (failed || isEnding) {
            stopped();
            return;
        }
        Checks.that(compared.endBlock() >= comparedTo, "comparing goes on", compared.endBlock(), comparedTo);
        for (PinnedRoots.Difference next : compared.list()) {
            if (next.now() != Lookup.HOLE || !Mutant.on("replica.image-without-zeroes")) {
                differences.addLast(next);
            }
        }
        comparedTo = compared.endBlock();
        if (differences.isEmpty()) {
            nextBlock = comparedTo;
        }
        gather(first);
    }

    private void readAll() {
        isReading = true;
        asked = 0;
        failedBlock = -1;
        pump();
    }

    private void pump() {
        while (asked < blocks.size() && inFlight < MOST_IN_FLIGHT && failedBlock < 0 && !isEnding) {
            inFlight++;
            new OneBlock(asked++).submit();
        }
        if (inFlight > 0) {
            return;
        }
        isReading = false;
        if (isEnding) {
            stopped();
        } else if (failedBlock >= 0) {
            retry();
        } else {
            piece = Optional.of(new ImagePiece(pieceFirst, nextBlock, pieceRuns, bytes));
            givenBlocks += blocks.size();
            busy = false;
            read.run();
        }
    }

    private void blockRead(int index, Status status) {
        inFlight--;
        if (status != Status.OK && failedBlock < 0) {
            failedBlock = blocks.get(index);
        }
        loop.post(() -> {
            if (isReading) {
                pump();
            }
        });
    }

    /** What can't be read after a while is an error there as it is here. */
    private void retry() {
        if (++tries < MOST_TRIES) {
            loop.after(RETRY_NANOS, this::readAll);
        } else {
            Marks.reached("replica.image-of-lost-block");
            lost.add(failedBlock);
            seek(pieceFirst);
            gather(pieceFirst);
        }
    }

    private void stopped() {
        busy = false;
        lookEnded();
    }

    /** The read of one block of the piece. */
    private final class OneBlock implements Request.Completion {
        private final int index;

        OneBlock(int index) {
            this.index = index;
        }

        void submit() {
            Request request = new Request(this);
            request.kind = Request.Kind.READ;
            request.offset = blocks.get(index) * BLOCK_BYTES;
            request.lengthBytes = Math.min(BLOCK_BYTES, pin.sizeBytes() - request.offset);
            for (int at = (int) request.lengthBytes; at < BLOCK_BYTES; at++) {
                bytes.put(index * BLOCK_BYTES + at, (byte) 0);
            }
            contents.orElseThrow().submit(request);
        }

        @Override
        public ByteBuffer readSpace(Request request) {
            return bytes.slice(index * BLOCK_BYTES, (int) request.lengthBytes);
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {
            throw Checks.unreachable("nobody asks for extents");
        }

        @Override
        public void completed(Request request, Status status) {
            blockRead(index, status);
        }
    }
}
