package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.store.cache.BlockCache;
import dev.holdfast.store.cache.DirtyKind;
import dev.holdfast.store.cache.DirtyMap;
import dev.holdfast.store.cache.NewNodes;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Makes a durable root the one that is read: its new nodes come into the cache, its trees take the place of the old
 * ones, then what it has stored moves from the sealed maps into the cache, a slice per turn, so that what was just
 * written is still read from memory. Readers use a map until all of it has moved. A block that finds no place in the
 * cache is simply left out, and so is a long run of blocks: copying a stream would cost more than reading again what is
 * wanted of it.
 */
final class Installer {
    /** Blocks moved in one turn. */
    private static final int SLICE = 128;

    /** New nodes take at most one frame of so many. */
    private static final int NODES_SHARE = 4;

    /** A run of so many blocks in the memory log was written as one. */
    private static final int STREAM_BLOCKS = 16;

    private final Loop loop;
    private final BlockCache cache;
    private final Runnable cacheIsFull;
    private final ArrayDeque<NewTree> trees = new ArrayDeque<>();
    private final ArrayDeque<Move> moves = new ArrayDeque<>();
    private final PointerSlot base = new PointerSlot();
    private final Runnable slice = this::slice;
    private Runnable finished = () -> {};
    private NewNodes nodes = new NewNodes(0);
    private int nextNode;
    private int nextDropped;
    private int next;
    private long cp;
    private boolean running;

    /** The tree that a shard has in the root. */
    private record NewTree(ShardChanges changes, ObjectRoot tree) {}

    /** One shard's frozen changes; {@code before} is the tree they were made on. */
    private record Move(ShardChanges changes, ObjectRoot before) {}

    /** {@code cacheIsFull} runs when the cache could take more. */
    Installer(Loop loop, BlockCache cache, Runnable cacheIsFull) {
        this.cacheIsFull = cacheIsFull;
        this.loop = loop;
        this.cache = cache;
    }

    /** The shard's frozen changes are in {@code tree} now. */
    void add(ShardChanges changes, ObjectRoot tree) {
        Checks.that(!running, "one root is installed at a time");
        trees.add(new NewTree(changes, tree));
    }

    /**
     * Installs everything that was added, which root {@code ofCp} has, with the nodes it is found through; then runs
     * {@code whenFinished}, in a later turn.
     */
    void run(long ofCp, NewNodes newNodes, Runnable whenFinished) {
        Checks.that(!running, "one root is installed at a time", ofCp);
        running = true;
        Checks.that(next == 0 && ofCp > cp, "roots are installed in order", ofCp, cp);
        cp = ofCp;
        finished = whenFinished;
        nodes = newNodes;
        nextNode = 0;
        nextDropped = 0;
        loop.post(slice);
    }

    private void slice() {
        Checks.that(running, "a slice belongs to a root", cp);
        int most = Math.min(nodes.count(), cache.frames() / NODES_SHARE);
        if (nextNode < most) {
            int end = Math.min(most, nextNode + SLICE);
            nodes.bring(nextNode, end, cp, cache);
            nextNode = end;
            loop.post(slice);
        } else {
            useTrees();
            dropSlice();
            moveSlice();
        }
    }

    /** Nobody comes by the replaced blocks any more, but readers of a snapshot. */
    private void dropSlice() {
        int end = Math.min(nodes.replacedCount(), nextDropped + SLICE);
        nodes.dropReplaced(nextDropped, end, cache);
        nextDropped = end;
    }

    /** The new trees are read from now on; what is in the maps is still found there first. */
    private void useTrees() {
        while (!trees.isEmpty()) {
            NewTree next = trees.removeFirst();
            ObjectRoot before = next.changes().view().tree();
            next.changes().view().install(next.tree());
            if (next.changes().isFrozen()) {
                moves.add(new Move(next.changes(), before));
            }
        }
    }

    private void moveSlice() {
        if (cache.isFull()) {
            cacheIsFull.run();
        }
        int left = SLICE;
        while (left > 0 && !moves.isEmpty()) {
            Move move = moves.getFirst();
            DirtyMap map = move.changes().frozenSegment().map();
            int most = Math.min(map.size() - next, left);
            int stream = map.slotRun(next, most);
            if (stream >= STREAM_BLOCKS) {
                next += stream;
                left--;
            } else if (most > 0) {
                moveBlock(map, next++, move.before());
                left--;
            }
            if (next == map.size()) {
                left--;
                end(move);
            }
        }
        if (moves.isEmpty() && nextDropped == nodes.replacedCount()) {
            running = false;
            finished.run();
        } else {
            loop.post(slice);
        }
    }

    private void end(Move move) {
        Checks.that(next == move.changes().frozenSegment().map().size(), "all of a map has moved", next);
        next = 0;
        moves.removeFirst();
        Segment segment = move.changes().frozenSegment();
        move.changes().dropFrozen();
        segment.awaitRoot().forEach(done -> done.done(Status.OK));
    }

    private void moveBlock(DirtyMap map, int index, ObjectRoot before) {
        DirtyKind kind = map.kind(index);
        long address = map.address(index);
        if (address == 0 || kind == DirtyKind.ZERO || kind == DirtyKind.UNREADABLE) {
            return;
        }
        if (cache.locate(address, cp) >= 0) {
            return;
        }
        long under = -1;
        boolean overZeroes = false;
        if (kind == DirtyKind.PARTIAL) {
            Lookup found = TreeReader.find(before, map.block(index), cache, base);
            overZeroes = found == Lookup.HOLE || Mutant.on("lane.merge-over-zeroes");
            under = found == Lookup.FOUND && !overZeroes ? cache.find(base.address(), base.birth()) : -1;
            if (!overZeroes && under < 0) {
                return;
            }
        }
        int pinned = (int) under;
        if (pinned >= 0) {
            cache.pin(pinned);
        }
        fill(map, index, address, pinned, overZeroes);
        if (pinned >= 0) {
            cache.unpin(pinned);
        }
    }

    private void fill(DirtyMap map, int index, long address, int under, boolean overZeroes) {
        int frame = cache.insert(address, cp, false);
        if (frame < 0) {
            return;
        }
        ByteBuffer bytes = cache.bytes(frame);
        int at = cache.offset(frame);
        if (under >= 0) {
            bytes.put(at, cache.bytes(under), cache.offset(under), BlockCache.FRAME_BYTES);
        } else if (overZeroes) {
            for (int i = 0; i < BlockCache.FRAME_BYTES; i += Long.BYTES) {
                bytes.putLong(at + i, 0);
            }
        }
        map.copyInto(index, bytes, at);
        cache.ready(frame);
    }
}
