package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.cache.DirtyKind;
import dev.holdfast.store.cache.DirtyMap;
import dev.holdfast.store.cache.NewNodes;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.Run;
import dev.holdfast.store.tree.TreeReader;
import dev.holdfast.store.tree.TreeUpdate;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.StagingWriter;
import dev.holdfast.store.work.TreeEnd;
import dev.holdfast.store.work.Work;
import java.nio.ByteBuffer;

/**
 * What one consistency point does to one shard's blocks: load, write data, write the tree. Snapshots, dead lists and
 * tables are {@link ShardEnd}'s.
 *
 * <ul>
 *   <li><b>P1</b> Nothing the old root reaches is written: every block goes to a fresh address (S2).
 *   <li><b>P2</b> A replaced block goes to the dead list if the newest snapshot may reach it, else to the freed
 *       blocks: never both, never neither.
 *   <li><b>P3</b> Of a partly written block the bytes not written are those of the old block, or, if that is
 *       unreadable, it stays unreadable.
 * </ul>
 */
public final class ShardCheckpoint {
    private static final int PLAN_SLICE = 2048;
    private static final int DATA_SLICE = 128;

    /** From here on a write of its own costs less than a copy into a longer one. */
    private static final int IN_PLACE_BLOCKS = 16;

    private static final long ZERO_PIECE = 1 << 20;

    private final Core core;
    private final long cp;
    private final ShardState shard;
    private final DirtyMap changes;
    private final NewNodes nodes;
    private final TreeUpdate update;
    private final PointerSlot slot = new PointerSlot();
    private final Run place = new Run();

    /** Blocks (address, birth) that a snapshot still reaches and the live tree does not. */
    public final DeadEntries dead = new DeadEntries();

    private int planned;
    private int zeroRange;
    private long zeroFrom;
    private int written;

    public ShardCheckpoint(Core core, long cp, ShardState shard, DirtyMap changes, NewNodes nodes) {
        this.nodes = nodes;
        this.core = core;
        this.cp = cp;
        this.shard = shard;
        this.changes = changes;
        this.update = new TreeUpdate(shard.tree, cp, core.blocks, core.pages, this::freed);
        update.resize(Math.ceilDiv(shard.meta.sizeBytes(), StagingWriter.BLOCK_BYTES));
        if (shard.meta.mirrored() && !Mutant.on("store.holes-leave-no-trace")) {
            update.markHoles(); // Another replica may have seen what came and went between two roots.
        }
    }

    /** Puts the whole of it behind what the runner has to do. */
    public void schedule(Runner runner) {
        runner.add(this::load);
        runner.add(this::zero);
        runner.add(this::writeData);
        runner.add(new TreeEnd(core, cp, update, nodes::add, tree -> shard.tree = tree));
    }

    private Work.Progress load(Runner runner) {
        int from = planned;
        while (planned < changes.size() && planned < from + PLAN_SLICE) {
            planBlock(planned++);
        }
        if (core.loadMissing(runner)) {
            planned = from;
            return Work.Progress.WAITING;
        }
        return planned < changes.size() ? Work.Progress.MORE : Work.Progress.DONE;
    }

    private void planBlock(int index) {
        long block = changes.block(index);
        boolean nodesAreThere = update.plan(block, 1, core::miss);
        if (nodesAreThere && changes.kind(index) == DirtyKind.PARTIAL) {
            Lookup found = TreeReader.find(shard.tree, block, core.blocks, slot);
            if (found == Lookup.FOUND && core.blocks.find(slot.address(), slot.birth()) < 0) {
                core.miss(slot);
            }
        }
    }

    /** Zero ranges, a piece at a time, before the blocks: those are newer where they overlap. */
    private Work.Progress zero(Runner runner) {
        if (zeroRange == changes.zeroRanges()) {
            return Work.Progress.DONE;
        }
        long first = Math.max(zeroFrom, changes.zeroFirst(zeroRange));
        long end = Math.min(changes.zeroEnd(zeroRange), first + ZERO_PIECE);
        update.plan(first, end - first, core::miss);
        if (core.loadMissing(runner)) {
            return Work.Progress.WAITING;
        }
        update.hole(first, end - first);
        zeroFrom = end;
        if (end == changes.zeroEnd(zeroRange)) {
            zeroRange++;
        }
        return Work.Progress.MORE;
    }

    private Work.Progress writeData(Runner runner) {
        if (core.staging.room() < DATA_SLICE) {
            core.staging.whenRoom(runner::resume);
            return Work.Progress.WAITING;
        }
        for (int end = Math.min(changes.size(), written + DATA_SLICE); written < end; ) {
            int run = changes.slotRun(written, end - written);
            if (run >= IN_PLACE_BLOCKS) {
                written += writeRun(written, run);
            } else {
                writeBlock(written++);
            }
        }
        return written < changes.size() ? Work.Progress.MORE : Work.Progress.DONE;
    }

    /** Whole blocks that lie in a row in the memory log: as many as get addresses in a row, without a copy. */
    private int writeRun(int index, int run) {
        core.allocate(run, place);
        int count = (int) place.blocks;
        Checks.that(count > 0 && count <= run, "the free map gives what was asked for, or less", count, run);
        ByteBuffer bytes = changes.slotBytes(index, count);
        for (int i = 0; i < count; i++) {
            int checksum = core.crc.ofBlock(bytes, i * StagingWriter.BLOCK_BYTES);
            changes.stored(index + i, place.address + i, checksum);
            update.put(changes.block(index + i), place.address + i, checksum);
        }
        core.staging.writeInPlace(place.address, bytes);
        return count;
    }

    private void writeBlock(int index) {
        long block = changes.block(index);
        switch (changes.kind(index)) {
            case ZERO -> update.hole(block, 1);
            case UNREADABLE -> update.unreadable(block);
            case WHOLE -> writePage(index, block, false, -1);
            case PARTIAL -> {
                Lookup below = isZeroed(block) ? Lookup.HOLE : TreeReader.find(shard.tree, block, core.blocks, slot);
                Checks.that(below != Lookup.MISSING, "what is needed was loaded", block);
                long base = below == Lookup.FOUND ? core.blocks.find(slot.address(), slot.birth()) : -1;
                boolean lost = below == Lookup.UNREADABLE
                        || below == Lookup.FOUND && core.isLost(slot.address(), slot.birth());
                if (lost) {
                    Marks.reached("store.partial-over-lost");
                    update.unreadable(block);
                } else {
                    Checks.that(below == Lookup.HOLE || base >= 0, "the old block was loaded", block);
                    writePage(index, block, true, base);
                }
            }
        }
    }

    private void writePage(int index, long block, boolean partial, long base) {
        Checks.that(block >= 0, "a block of the disk", block);
        long address = core.allocate();
        int at = core.staging.claim(address);
        ByteBuffer bytes = core.staging.bytes();
        if (partial && base >= 0 && !Mutant.on("store.merge-over-zeroes")) {
            bytes.put(at, core.blocks.bytes(base), core.blocks.offset(base), StagingWriter.BLOCK_BYTES);
        } else if (partial) {
            for (int i = 0; i < StagingWriter.BLOCK_BYTES; i += Long.BYTES) {
                bytes.putLong(at + i, 0);
            }
        }
        changes.copyInto(index, bytes, at);
        if (address % 61 == 0 && Mutant.on("store.page-damaged")) {
            bytes.put(at + 2048, (byte) ~bytes.get(at + 2048));
        }
        int checksum = core.crc.ofBlock(bytes, at);
        changes.stored(index, address, checksum);
        update.put(block, address, checksum);
    }

    private boolean isZeroed(long block) {
        int low = 0;
        int high = changes.zeroRanges() - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            if (changes.zeroEnd(middle) <= block) {
                low = middle + 1;
            } else if (changes.zeroFirst(middle) > block) {
                high = middle - 1;
            } else {
                return true;
            }
        }
        return false;
    }

    private void freed(long address, long birth, boolean node) {
        Checks.that(birth <= cp, "a block is born before it is freed", birth, cp);
        nodes.replaces(address, birth);
        if (birth > shard.snapshots.newestCp() || Mutant.on("store.free-what-snapshots-have")) {
            core.free(address, birth, node);
        } else {
            dead.add(address, birth);
        }
    }
}
