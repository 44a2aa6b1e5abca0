package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import dev.holdfast.store.tree.TreeUpdate;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.StagingWriter;
import dev.holdfast.store.work.TreeEnd;
import dev.holdfast.store.work.Work;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Appends entries to a dead list. It reads of the list only its last block, however long it is.
 *
 * <p>Stored: entry i of 16 bytes (address 8, birth cp 8, little endian) at block i / 256, byte 16 (i mod 256).
 */
public final class DeadListAppend implements Work {
    private static final int PER_BLOCK = SnapshotRecord.DeadList.PER_BLOCK;
    private static final int ENTRY_BYTES = SnapshotRecord.DeadList.ENTRY_BYTES;
    private static final int SLICE = 64;

    private final Core core;
    private final long cp;
    private final SnapshotRecord.DeadList old;
    private final DeadEntries entries;
    private final Consumer<SnapshotRecord.DeadList> result;
    private final TreeUpdate update;
    private final PointerSlot tail = new PointerSlot();
    private boolean loaded;
    private int written;

    /** {@code result} gets the longer list. */
    public DeadListAppend(
            Core core,
            long cp,
            SnapshotRecord.DeadList old,
            DeadEntries entries,
            Consumer<SnapshotRecord.DeadList> result) {
        this.core = core;
        this.cp = cp;
        this.old = old;
        this.entries = entries;
        this.result = result;
        this.update = new TreeUpdate(old.object(), cp, core.blocks, core.pages, core::free);
        update.resize(Math.ceilDiv(old.entries() + entries.size(), (long) PER_BLOCK));
    }

    @Override
    public Progress slice(Runner runner) {
        if (entries.size() == 0) {
            update.abandon();
            result.accept(old);
            return Progress.DONE;
        }
        if (!loaded) {
            plan();
            if (core.loadMissing(runner)) {
                return Progress.WAITING;
            }
            loaded = true;
        }
        if (core.staging.room() < SLICE) {
            core.staging.whenRoom(runner::resume);
            return Progress.WAITING;
        }
        for (int i = 0; i < SLICE && written < entries.size(); i++) {
            writeBlock();
        }
        if (written < entries.size()) {
            return Progress.MORE;
        }
        runner.add(new TreeEnd(core, cp, update, this::ended));
        return Progress.DONE;
    }

    private void ended(ObjectRoot object) {
        result.accept(new SnapshotRecord.DeadList(object, old.entries() + entries.size()));
    }

    /**
     * Only the first block to write may exist; what comes after it is beyond the end, but nodes above it may
     * exist.
     */
    private void plan() {
        long first = old.entries() / PER_BLOCK;
        boolean nodesAreThere = update.plan(first, update.blocks() - first, core::miss);
        if (nodesAreThere && old.entries() % PER_BLOCK != 0) {
            Lookup found = TreeReader.find(old.object(), first, core.blocks, tail);
            Checks.that(found == Lookup.FOUND, "the last block of a dead list exists", first);
            if (core.blocks.find(tail.address(), tail.birth()) < 0) {
                core.miss(tail);
            }
        }
    }

    private void writeBlock() {
        long entry = old.entries() + written;
        long address = core.allocate();
        int at = core.staging.claim(address);
        ByteBuffer bytes = core.staging.bytes();
        int inBlock = (int) (entry % PER_BLOCK);
        if (written == 0 && inBlock > 0) {
            long handle = core.blocks.find(tail.address(), tail.birth());
            bytes.put(at, core.blocks.bytes(handle), core.blocks.offset(handle), StagingWriter.BLOCK_BYTES);
        } else {
            for (int i = 0; i < StagingWriter.BLOCK_BYTES; i += Long.BYTES) {
                bytes.putLong(at + i, 0);
            }
        }
        while (inBlock < PER_BLOCK && written < entries.size()) {
            bytes.putLong(at + inBlock * ENTRY_BYTES, entries.address(written));
            bytes.putLong(at + inBlock * ENTRY_BYTES + Long.BYTES, entries.birth(written));
            inBlock++;
            written++;
        }
        update.put(entry / PER_BLOCK, address, core.crc.ofBlock(bytes, at));
        core.blocks.put(address, cp, bytes, at);
    }
}
