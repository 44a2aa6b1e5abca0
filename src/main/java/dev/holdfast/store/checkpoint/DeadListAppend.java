package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.tree.BlockListAppend;
import dev.holdfast.store.tree.UpdateTools;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Work;
import java.util.function.Consumer;

/** Appends what died to a dead list, some blocks a slice. It reads of the list only its last block. */
final class DeadListAppend implements Work {
    private static final int BLOCKS = 64;
    private static final int ENTRIES = BLOCKS / 2 * SnapshotRecord.DeadList.PER_BLOCK;

    private final Core core;
    private final SnapshotRecord.DeadList old;
    private final DeadEntries entries;
    private final Consumer<SnapshotRecord.DeadList> result;
    private final BlockListAppend list;
    private boolean planned;
    private boolean finished;
    private int appended;

    /** {@code result} gets the longer list. */
    DeadListAppend(
            Core core,
            long cp,
            SnapshotRecord.DeadList old,
            DeadEntries entries,
            Consumer<SnapshotRecord.DeadList> result) {
        this.core = core;
        this.old = old;
        this.entries = entries;
        this.result = result;
        UpdateTools tools = new UpdateTools(
                cp,
                core.blocks,
                core.pages,
                core::allocate,
                (address, bytes, at) -> core.writeNode(cp, address, bytes, at),
                core::free);
        this.list = new BlockListAppend(old.object(), old.entries(), tools);
    }

    @Override
    public Progress slice(Runner runner) {
        if (entries.size() == 0) {
            result.accept(old);
            return Progress.DONE;
        }
        if (!planned && !plan(runner)) {
            return Progress.WAITING;
        }
        if (core.staging.room() < BLOCKS) {
            core.staging.whenRoom(runner::resume);
            return Progress.WAITING;
        }
        for (int end = Math.min(entries.size(), appended + ENTRIES); appended < end; appended++) {
            list.append(entries.address(appended), entries.birth(appended));
        }
        if (appended < entries.size()) {
            return Progress.MORE;
        }
        return end();
    }

    private boolean plan(Runner runner) {
        switch (list.plan(core::miss, core::isLost)) {
            case READY -> planned = true;
            case MISSING -> core.loadMissing(runner);
            case LOST -> core.trouble.failed("a dead list cannot be read: what a snapshot needs can't be noted");
        }
        return planned;
    }

    private Progress end() {
        if (!finished) {
            finished = true;
            list.finish();
        }
        if (!list.step(BLOCKS / 2)) {
            return Progress.MORE;
        }
        Checks.that(list.count() == old.entries() + entries.size(), "every entry is in the list", list.count());
        result.accept(new SnapshotRecord.DeadList(list.result(), list.count()));
        return Progress.DONE;
    }
}
