package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.FreeMapUpdate;
import dev.holdfast.store.tree.ObjectRoot;
import java.util.function.BiConsumer;

/** Writes the free map and the deferred list of a consistency point: the last blocks before its root. */
public final class FreeMapWork implements Work {
    private static final int SLICE = 64;

    private final Core core;
    private final BiConsumer<ObjectRoot, ObjectRoot> result;
    private final FreeMapUpdate update;

    /**
     * {@code result} gets the new roots of the image and of the deferred list. Made when nothing is allocated any
     * more.
     */
    public FreeMapWork(Core core, BiConsumer<ObjectRoot, ObjectRoot> result) {
        this.core = core;
        this.result = result;
        this.update = new FreeMapUpdate(core.freeMap, core.staging::write);
    }

    @Override
    public Progress slice(Runner runner) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        if (core.staging.room() < SLICE) {
            core.staging.whenRoom(runner::resume);
            return Progress.WAITING;
        }
        if (!update.step(SLICE)) {
            return Progress.MORE;
        }
        result.accept(update.imageRoot(), update.deferredRoot());
        return Progress.DONE;
    }
}
