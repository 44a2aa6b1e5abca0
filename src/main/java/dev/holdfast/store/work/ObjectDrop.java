package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import dev.holdfast.store.tree.TreeUpdate;

/** Frees everything one object reaches, a piece per slice. For objects that no snapshot shares. */
public final class ObjectDrop implements Work {
    private static final long USED_BLOCKS_IN_A_PIECE = 2048;

    private final Core core;
    private final ObjectRoot object;
    private final PointerSlot slot = new PointerSlot();
    private final TreeUpdate update;
    private final long blocks;
    private long dropped;

    public ObjectDrop(Core core, long cp, ObjectRoot object) {
        this.core = core;
        this.object = object;
        this.update = new TreeUpdate(object, cp, core.blocks, core.pages, core::free);
        this.blocks = Math.max(object.blocks(), object.capacity());
    }

    @Override
    public Progress slice(Runner runner) {
        Checks.that(dropped <= blocks, "no more is dropped than there is", dropped, blocks);
        long next = TreeReader.piece(object, dropped, USED_BLOCKS_IN_A_PIECE, core.blocks, slot);
        if (next < 0) {
            core.miss(slot);
        } else {
            update.plan(dropped, next - dropped, core::miss);
        }
        if (core.loadMissing(runner)) {
            return Progress.WAITING;
        }
        update.hole(dropped, next - dropped);
        dropped = next;
        if (dropped < blocks) {
            return Progress.MORE;
        }
        update.abandon();
        return Progress.DONE;
    }
}
