package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.tree.HeldSpace;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.ObjectDrop;
import dev.holdfast.store.work.Runner;

/**
 * Stores which blocks are held for the pool's twin: what is new is appended, and when something is held no more the
 * list is written anew, which costs little as it happens when the twin has got on. Nothing to do costs nothing.
 */
final class HeldList {
    private final Core core;
    private final long cp;
    private final HeldSpace held;

    HeldList(Core core, long cp) {
        this.core = core;
        this.cp = cp;
        this.held = core.freeMap.held();
    }

    /** Puts it behind what the runner has to do, before the free map. */
    void schedule(Runner runner) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop", cp);
        SnapshotRecord.DeadList old = new SnapshotRecord.DeadList(held.object(), held.written());
        if (held.isAnew()) {
            Marks.reached("store.held-list-anew");
            runner.add(new ObjectDrop(core, cp, old.object()));
            old = SnapshotRecord.DeadList.EMPTY;
        } else if (held.written() == held.size()) {
            return;
        }
        DeadEntries entries = new DeadEntries();
        for (int i = (int) old.entries(); i < held.size(); i++) {
            entries.add(held.address(i), held.birth(i));
        }
        ObjectRoot whenEmpty = ObjectRoot.EMPTY;
        runner.add(new DeadListAppend(
                core, cp, old, entries, list -> held.become(list.entries() == 0 ? whenEmpty : list.object())));
    }
}
