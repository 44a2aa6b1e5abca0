package dev.holdfast.store.read;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import dev.holdfast.store.cache.BlockCache;
import dev.holdfast.store.cache.DirtyMap;
import dev.holdfast.store.tree.ExtentCursor;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.NodeSource;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.Step;

/**
 * One EXTENTS request on its way through a disk: dirty maps over the tree, in blocks of 4096 bytes. It reads nodes
 * only, never data. Dirty data is allocated, dirty zeroes are a hole, also those that were asked to stay allocated.
 *
 * <p>It goes on where it was after every wait, on the disk as it is then: each answer is true for the moment its part
 * was looked at.
 */
final class ExtentsQuery {
    /** Pieces looked at in one go, so that a turn of the loop stays short. */
    private static final int LOOKS = 2048;

    private static final int BLOCK_BYTES = BlockCache.FRAME_BYTES;

    private final Request request;
    private final ExtentCursor cursor = new ExtentCursor();
    private final PointerSlot missing = new PointerSlot();
    private final long endBlock;
    private long block;
    private long pieceEnd;
    private boolean pieceAllocated;
    private long runStart;
    private boolean runAllocated;
    private int told;

    /** How one go ended. */
    enum Progress {
        /** Everything was told. */
        DONE,
        /** A node has to be read first. */
        MISSING,
        /** A node of the tree can't be read. */
        LOST,
        /** Go on in a later turn. */
        MORE
    }

    ExtentsQuery(Request request) {
        Checks.that(request.maxExtents > 0 && request.lengthBytes > 0, "something is asked for", request.lengthBytes);
        this.request = request;
        block = request.offset / BLOCK_BYTES;
        endBlock = (request.offset + request.lengthBytes - 1) / BLOCK_BYTES + 1;
        runStart = block;
    }

    /** Goes on as far as nodes are at hand. */
    Progress run(ReadView view, NodeSource nodes, BlockSources.Lacking lacking) {
        for (int looks = 0; block < endBlock && told < request.maxExtents; looks++) {
            if (looks == LOOKS) {
                return Progress.MORE;
            }
            if (!inMaps(view) && !inTree(view, nodes)) {
                return lacking.lacks(missing, true) ? Progress.MISSING : Progress.LOST;
            }
            if (block > runStart && pieceAllocated != runAllocated) {
                tell();
            }
            Checks.that(pieceEnd > block && pieceEnd <= endBlock, "a piece goes on inside the range", pieceEnd);
            runAllocated = pieceAllocated;
            block = pieceEnd;
        }
        if (told < request.maxExtents) {
            tell();
        }
        return Progress.DONE;
    }

    /** Whether some map knows of the block; if none does, {@link #pieceEnd} says how far that is so. */
    private boolean inMaps(ReadView view) {
        pieceEnd = endBlock;
        for (int i = 0; i < view.maps(); i++) {
            DirtyMap map = view.map(i);
            pieceEnd = map.extentEnd(block, pieceEnd);
            if (map.covers(block)) {
                pieceAllocated = map.isData(block);
                return true;
            }
        }
        return false;
    }

    private boolean inTree(ReadView view, NodeSource nodes) {
        cursor.start(view.tree(), block, pieceEnd - block);
        Step step = cursor.next(nodes, missing);
        if (step == Step.MISSING) {
            return false;
        }
        Checks.that(step == Step.FOUND && cursor.first() == block, "a range that is not empty has a piece", block);
        pieceAllocated = cursor.kind() != Lookup.HOLE;
        pieceEnd = block + cursor.blocks();
        return true;
    }

    /** Tells the run that ends before {@link #block}, cut to what was asked for. */
    private void tell() {
        long from = Math.max(runStart * BLOCK_BYTES, request.offset);
        long to = Math.min(block * BLOCK_BYTES, request.offset + request.lengthBytes);
        Checks.that(from < to, "a run has bytes", from, to);
        request.completion().extent(request, to - from, runAllocated);
        told++;
        runStart = block;
    }
}
