package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.ObjectLoad;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Work;
import java.nio.ByteBuffer;

/** Reads, at a start, which blocks are held for the pool's twin. The free map is there. */
final class HeldLoad implements Work {
    private final Core core;
    private final Root root;

    HeldLoad(Core core, Root root) {
        this.core = core;
        this.root = root;
    }

    @Override
    public Progress slice(Runner runner) {
        SnapshotRecord.DeadList list = root.twin().held();
        Checks.that(list.entries() >= 0, "entries are counted", list.entries());
        runner.add(new ObjectLoad(core, list.object(), this::take));
        runner.then(() -> core.freeMap.held().become(list.object()));
        return Progress.DONE;
    }

    private void take(long block, ByteBuffer bytes, int at) {
        long first = block * SnapshotRecord.DeadList.PER_BLOCK;
        long count =
                Math.min(SnapshotRecord.DeadList.PER_BLOCK, root.twin().held().entries() - first);
        boolean sound = true;
        for (int i = 0; i < count && sound; i++) {
            int entry = at + i * SnapshotRecord.DeadList.ENTRY_BYTES;
            long address = bytes.getLong(entry);
            long birth = bytes.getLong(entry + Long.BYTES);
            sound = core.freeMap
                    .held()
                    .load(core.freeMap, address, birth, root.number().cp());
        }
        if (!sound) {
            core.trouble.failed("the list of what is held for the pool's twin is not one");
        }
    }
}
