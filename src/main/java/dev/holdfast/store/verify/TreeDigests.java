package dev.holdfast.store.verify;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.store.read.LostBlock;
import dev.holdfast.store.tree.ExtentCursor;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Work;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Digests of ranges of one tree, from the checksums in its pointers: equal for equal bytes, whatever the addresses,
 * births and heights of two trees are. It reads leaves of the tree, and blocks only if it is told to.
 *
 * <ol>
 *   <li>A hole and a block of zeroes say the same, which is nothing: which of the two stands there depends on how
 *       changes were distributed among consistency points.
 *   <li>An unreadable block says so, and is like no block that can be read.
 * </ol>
 */
public final class TreeDigests {
    private static final int PIECE_BLOCKS = 2048;
    private static final int LEAF_BLOCKS = 128;
    private static final long MOST_BLOCKS = 1 << 16;
    private static final long MOST_BLOCKS_READ = 4096;
    private static final int MOST_LOST = 256;
    private static final long UNREADABLE = 1L << 32;
    private static final int ZEROES = new Crc32c().ofBlock(ByteBuffer.allocate(Crc32c.BLOCK_BYTES), 0);

    private final Core core;
    private final int shard;
    private final Ranges asked;
    private final long end;
    private final long[] digests;
    private final int[] used;
    private final ExtentCursor cursor = new ExtentCursor();
    private final PointerSlot slot = new PointerSlot();
    private final long[] piece = new long[PIECE_BLOCKS];
    private int pieceBlocks;
    private long at;
    private long pieceEnd;
    private long done;
    private final List<LostBlock> lost = new ArrayList<>();

    /**
     * Ranges that follow one another.
     *
     * @param first block of the first one
     * @param unitBlocks length of each
     * @param units how many
     * @param reads whether every block is read too, from every device that has it
     */
    public record Ranges(long first, int unitBlocks, int units, boolean reads) {}

    /** What a range has; {@code blocks} are those that are neither holes nor zeroes. */
    public record Digest(long digest, int blocks) {}

    /** Of a tree of {@code shard} that is {@code endBlock} blocks long; nothing is known yet. */
    public TreeDigests(Core core, int shard, Ranges asked, long endBlock) {
        Checks.that(asked.first >= 0 && asked.first <= endBlock, "ranges begin inside", asked.first, endBlock);
        Checks.that(asked.unitBlocks > 0 && asked.units > 0, "ranges have blocks", asked.unitBlocks, asked.units);
        this.core = core;
        this.shard = shard;
        this.asked = asked;
        this.at = asked.first;
        this.pieceEnd = at;
        this.end = Math.min(endBlock, asked.first + (long) asked.unitBlocks * asked.units);
        int units = Math.toIntExact(Math.ceilDiv(end - at, asked.unitBlocks));
        this.digests = new long[units];
        this.used = new int[units];
    }

    /** Whether enough is known for an answer: all, or as much as one answer may cost. */
    public boolean isDone() {
        boolean enough = done >= (asked.reads ? MOST_BLOCKS_READ : MOST_BLOCKS);
        return at == end || enough && at - asked.first >= asked.unitBlocks;
    }

    /** Of the ranges that are known whole, in order. */
    public List<Digest> digests() {
        int units = at == end ? digests.length : (int) ((at - asked.first) / asked.unitBlocks);
        List<Digest> known = new ArrayList<>();
        for (int unit = 0; unit < units; unit++) {
            known.add(new Digest(digests[unit], used[unit]));
        }
        return known;
    }

    /** Blocks among them that could not be read though their checksum is known, the first so many. */
    public List<LostBlock> lost() {
        return List.copyOf(lost);
    }

    /** Between two consistency points: learns a piece more of {@code tree}, which is the same every time. */
    public void more(ObjectRoot tree, Runner runner) {
        Checks.that(at < end, "there is more", at, end);
        core.blocks.forget();
        core.loader.everyCopy(asked.reads);
        pieceBlocks = 0;
        cursor.start(tree, at, end - at);
        runner.add(this::find);
        runner.add(walker -> load(walker, tree));
        runner.then(() -> core.loader.everyCopy(false));
    }

    private Work.Progress find(Runner runner) {
        while (pieceBlocks < PIECE_BLOCKS) {
            switch (cursor.next(core.blocks, slot)) {
                case MORE -> {
                    return Work.Progress.MORE;
                }
                case MISSING -> {
                    core.miss(slot);
                    core.loadMissing(runner);
                    return Work.Progress.WAITING;
                }
                case END -> {
                    pieceEnd = end;
                    return Work.Progress.DONE;
                }
                case FOUND -> take();
            }
        }
        pieceEnd = piece[pieceBlocks - 1] + 1;
        return Work.Progress.DONE;
    }

    private void take() {
        if (cursor.kind() != Lookup.HOLE) {
            long count = Math.min(PIECE_BLOCKS - pieceBlocks, cursor.blocks());
            for (long block = cursor.first(); block < cursor.first() + count; block++) {
                piece[pieceBlocks++] = block;
            }
        }
    }

    /** Brings in what is lacking of the piece: leaves first, then blocks if they are to be read. */
    private Work.Progress load(Runner runner, ObjectRoot tree) {
        long known = -1;
        for (int i = 0; i < pieceBlocks; i++) {
            if (piece[i] / LEAF_BLOCKS != known && find(tree, piece[i]) == Lookup.MISSING) {
                known = piece[i] / LEAF_BLOCKS;
                core.miss(slot);
            }
        }
        if (core.loadMissing(runner)) {
            return Work.Progress.WAITING;
        }
        for (int i = 0; asked.reads && i < pieceBlocks; i++) {
            if (find(tree, piece[i]) == Lookup.FOUND && core.blocks.find(slot.address(), slot.birth()) < 0) {
                core.miss(slot);
            }
        }
        if (core.loadMissing(runner)) {
            return Work.Progress.WAITING;
        }
        for (int i = 0; i < pieceBlocks; i++) {
            add(piece[i], find(tree, piece[i]));
        }
        done += pieceBlocks;
        at = pieceEnd;
        return Work.Progress.DONE;
    }

    private Lookup find(ObjectRoot tree, long block) {
        return TreeReader.find(tree, block, core.blocks, slot);
    }

    private void add(long block, Lookup found) {
        Checks.that(found != Lookup.MISSING && found != Lookup.HOLE, "what is counted was found", block);
        boolean isLost = found == Lookup.UNREADABLE || core.isLost(slot.address(), slot.birth());
        if (isLost || slot.checksum() != ZEROES) {
            int unit = (int) ((block - asked.first) / asked.unitBlocks);
            if (found == Lookup.FOUND && isLost && lost.size() < MOST_LOST) {
                lost.add(new LostBlock(shard, block, slot.address(), slot.birth(), slot.checksum()));
            }
            digests[unit] = mix(digests[unit] + block, isLost ? UNREADABLE : Integer.toUnsignedLong(slot.checksum()));
            used[unit]++;
        }
    }

    /** The finalizer of splitmix64, after both were brought together: order counts, and every bit. */
    private static long mix(long before, long next) {
        long mixed = before * 0x9E3779B97F4A7C15L ^ next;
        mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }
}
