package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.BlockSink;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.TreeUpdate;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Writes the changed nodes of one object bottom-up, a slice at a time, and hands over its new root. */
public final class TreeEnd implements Work {
    private static final int SLICE = 64;

    private final Core core;
    private final long cp;
    private final TreeUpdate update;
    private final BlockSink alsoTo;
    private final Consumer<ObjectRoot> result;
    private boolean started;

    public TreeEnd(Core core, long cp, TreeUpdate update, Consumer<ObjectRoot> result) {
        this(core, cp, update, (address, bytes, at) -> {}, result);
    }

    /** The same; {@code alsoTo} sees every node that is written. */
    public TreeEnd(Core core, long cp, TreeUpdate update, BlockSink alsoTo, Consumer<ObjectRoot> result) {
        this.alsoTo = alsoTo;
        this.core = core;
        this.cp = cp;
        this.update = update;
        this.result = result;
    }

    @Override
    public Progress slice(Runner runner) {
        Checks.that(cp > 0, "nodes are born in a consistency point", cp);
        if (core.staging.room() < SLICE) {
            core.staging.whenRoom(runner::resume);
            return Progress.WAITING;
        }
        if (!started) {
            started = true;
            update.finish(core::allocate, this::write);
        }
        if (!update.step(SLICE)) {
            return Progress.MORE;
        }
        result.accept(update.result());
        return Progress.DONE;
    }

    private void write(long address, ByteBuffer bytes, int at) {
        core.writeNode(cp, address, bytes, at);
        alsoTo.write(address, bytes, at);
    }
}
