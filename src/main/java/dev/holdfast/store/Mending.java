package dev.holdfast.store;

import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.array.BlockRead;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.store.read.LostBlock;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.StagingWriter;
import dev.holdfast.store.work.Work;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Blocks that rot in one copy of a shard and not in another: finds the bytes that another pool asks for, and writes
 * those that came from one to their place. On the committer's loop, between consistency points.
 *
 * <ol>
 *   <li>Bytes are written only at an address that a tree still has with the same birth, while no consistency point
 *       runs: so it can't have been given to another block. No copy proves that here, unlike in {@link Repairs}.
 * </ol>
 */
final class Mending {
    private static final int BLOCK_BYTES = StagingWriter.BLOCK_BYTES;
    private static final int MOST_TREES = 64;
    private static final int MOST_WAITING = 256;

    private final Committer committer;
    private final Core core;
    private final PoolEvents events;
    private final PointerSlot slot = new PointerSlot();
    private int waiting;

    Mending(Committer committer, Core core, PoolEvents events) {
        this.committer = committer;
        this.core = core;
        this.events = events;
    }

    /** Looks for a block's bytes with {@code checksum} in all trees of a shard; {@code told} runs on {@code loop}. */
    void find(int shardId, long block, int checksum, Loop loop, Consumer<Pool.Found> told) {
        Checks.that(core.loop.isCurrent() && block >= 0, "on the committer's loop", shardId, block);
        committer.between(runner -> {
            Search search = new Search(shardId, block, pointer -> pointer.checksum() == checksum);
            runner.add(walker ->
                    search.slice(walker, () -> bring(walker, found -> loop.post(() -> told.accept(found)))));
            runner.then(() -> {
                if (!search.isFound) {
                    committer.checkpointWanted("heal"); // It may be on its way into a tree: who asks, asks again.
                    loop.post(() -> told.accept(Pool.Found.NOWHERE));
                }
            });
        });
    }

    /** Reads what {@code slot} points to. */
    private void bring(Runner runner, Consumer<Pool.Found> told) {
        runner.add(reader -> {
            boolean isLost = core.isLost(slot.address(), slot.birth());
            long handle = core.blocks.find(slot.address(), slot.birth());
            if (!isLost && handle < 0) {
                core.miss(slot);
                core.loadMissing(reader);
                return Work.Progress.WAITING;
            }
            Optional<ByteBuffer> bytes = Optional.empty();
            if (!isLost) {
                ByteBuffer copy = ByteBuffer.allocate(BLOCK_BYTES);
                bytes = Optional.of(copy.put(0, core.blocks.bytes(handle), core.blocks.offset(handle), BLOCK_BYTES));
            }
            told.accept(new Pool.Found(true, bytes));
            return Work.Progress.DONE;
        });
    }

    /** Writes {@code bytes}, which are those of {@code lost}, to their place if that is still theirs. */
    void mend(LostBlock lost, ByteBuffer bytes) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop", lost.block());
        if (waiting == MOST_WAITING) {
            return; // Whoever reads the block next asks again.
        }
        waiting++;
        ByteBuffer good = ByteBuffer.allocateDirect(2 * BLOCK_BYTES).alignedSlice(BLOCK_BYTES);
        good.limit(BLOCK_BYTES).put(0, bytes, 0, BLOCK_BYTES);
        committer.between(runner -> {
            waiting--;
            Search search = new Search(lost.shard(), lost.block(), pointer -> isPlaceOf(lost, pointer));
            runner.add(walker -> search.slice(walker, () -> walker.add(new Write(lost, good))));
            runner.then(() -> {
                if (!search.isFound) {
                    Marks.reached("store.mend-too-late");
                }
            });
        });
    }

    private static boolean isPlaceOf(LostBlock lost, PointerSlot pointer) {
        return pointer.address() == lost.address() && pointer.birth() == lost.birth()
                || Mutant.on("store.mend-wherever");
    }

    private List<ObjectRoot> trees(int shardId) {
        Checks.that(shardId > 0, "trees of a shard", shardId);
        ShardState shard = core.shards.get(shardId);
        if (shard == null) {
            return List.of();
        }
        Stream<ObjectRoot> kept = shard.snapshots.records().reversed().stream().map(record -> record.tree());
        return Stream.concat(Stream.of(shard.tree), kept).limit(MOST_TREES + 1L).toList();
    }

    /** Goes through the trees of a shard, newest first, until one has a pointer like that; {@code slot} is it then. */
    private final class Search {
        private final List<ObjectRoot> trees;
        private final long block;
        private final Predicate<PointerSlot> isIt;
        private boolean isFound;
        private int next;

        Search(int shardId, long block, Predicate<PointerSlot> isIt) {
            this.trees = trees(shardId);
            this.block = block;
            this.isIt = isIt;
        }

        /** Not more than one tree a slice; {@code found} runs in the last one, if there is something. */
        Work.Progress slice(Runner runner, Runnable found) {
            if (next == trees.size()) {
                return Work.Progress.DONE;
            }
            Lookup lookup = TreeReader.find(trees.get(next), block, core.blocks, slot);
            if (lookup == Lookup.MISSING) {
                core.miss(slot);
                core.loadMissing(runner);
                return Work.Progress.WAITING;
            }
            isFound = lookup == Lookup.FOUND && isIt.test(slot);
            next++;
            if (isFound) {
                found.run();
            }
            return isFound ? Work.Progress.DONE : Work.Progress.MORE;
        }
    }

    /** Reads the block once more from all devices and, if it is still lost, writes it to all. */
    private final class Write implements Work {
        private final LostBlock lost;
        private final ByteBuffer good;
        private boolean isBegun;
        private boolean isOver;

        Write(LostBlock lost, ByteBuffer good) {
            this.lost = lost;
            this.good = good;
        }

        @Override
        public Progress slice(Runner runner) {
            if (!isBegun) {
                isBegun = true;
                read(runner);
            }
            return isOver ? Progress.DONE : Progress.WAITING;
        }

        private void read(Runner runner) {
            ByteBuffer space = ByteBuffer.allocateDirect(2 * BLOCK_BYTES).alignedSlice(BLOCK_BYTES);
            BlockRead read = new BlockRead(space.limit(BLOCK_BYTES), core.loop, ended -> {
                if (ended.bad == 0) {
                    end(runner);
                } else {
                    write(runner);
                }
            });
            read.address = lost.address();
            read.blocks = 1;
            read.checksums[0] = lost.checksum();
            core.array.read(read);
        }

        private void write(Runner runner) {
            Checks.that(!isOver, "a block is written once", lost.block());
            Checks.that(!committer.isCheckpointRunning(), "no address is given away meanwhile", lost.address());
            core.array.repair(
                    lost.address(),
                    good,
                    core.array.members(),
                    core.loop,
                    (token, outcome) -> written(runner, outcome),
                    0);
        }

        private void written(Runner runner, ArrayOutcome outcome) {
            switch (outcome) {
                case OK -> {
                    Marks.reached("store.mended");
                    events.healed(lost.shard());
                }
                case MEMBER_LOST -> core.trouble.memberLost();
                case NO_SPACE -> core.trouble.hostFull();
                case FAILED -> core.trouble.failed("no device of the pool takes repairs");
            }
            end(runner);
        }

        private void end(Runner runner) {
            Checks.that(isBegun && !isOver, "it ends once", lost.block());
            core.found(lost.address(), lost.birth());
            isOver = true;
            runner.resume();
        }
    }
}
