package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.TreeUpdate;

/** Frees everything one object reaches, a piece per slice. For objects that no snapshot shares. */
public final class ObjectDrop implements Work {
    private static final long PIECE = 1 << 16;

    private final Core core;
    private final TreeUpdate update;
    private final long blocks;
    private long dropped;

    public ObjectDrop(Core core, long cp, ObjectRoot object) {
        this.core = core;
        this.update = new TreeUpdate(object, cp, core.blocks, core.pages, core::free);
        this.blocks = Math.max(object.blocks(), object.capacity());
    }

    @Override
    public Progress slice(Runner runner) {
        Checks.that(dropped <= blocks, "no more is dropped than there is", dropped, blocks);
        long piece = Math.min(PIECE, blocks - dropped);
        update.plan(dropped, piece, core::miss);
        if (core.loadMissing(runner)) {
            return Progress.WAITING;
        }
        update.hole(dropped, piece);
        dropped += piece;
        if (dropped < blocks) {
            return Progress.MORE;
        }
        update.abandon();
        return Progress.DONE;
    }
}
