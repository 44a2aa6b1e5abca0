package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import java.nio.ByteBuffer;

/** Reads a whole object of the pool's own, in order, some blocks a slice. Holes are passed over. */
public final class ObjectLoad implements Work {
    private static final int SLICE = 256;

    /** Takes the blocks. */
    public interface Taker {
        /** The 4096 bytes of {@code block} at {@code at}, valid in this call. */
        void take(long block, ByteBuffer bytes, int at);
    }

    private final Core core;
    private final ObjectRoot object;
    private final Taker taker;
    private final PointerSlot slot = new PointerSlot();
    private long next;

    public ObjectLoad(Core core, ObjectRoot object, Taker taker) {
        this.core = core;
        this.object = object;
        this.taker = taker;
    }

    @Override
    public Progress slice(Runner runner) {
        Checks.that(next <= object.blocks(), "the object has an end", next);
        long end = Math.min(object.blocks(), next + SLICE);
        for (long block = next; block < end; block++) {
            Lookup found = TreeReader.find(object, block, core.blocks, slot);
            if (found == Lookup.MISSING
                    || found == Lookup.FOUND && core.blocks.find(slot.address(), slot.birth()) < 0) {
                core.miss(slot);
            }
        }
        if (core.loadMissing(runner)) {
            return Progress.WAITING;
        }
        for (; next < end; next++) {
            Lookup found = TreeReader.find(object, next, core.blocks, slot);
            if (found == Lookup.UNREADABLE || found == Lookup.FOUND && core.isLost(slot.address(), slot.birth())) {
                core.trouble.failed("a table of the pool cannot be read");
                return Progress.WAITING;
            }
            if (found == Lookup.FOUND) {
                long handle = core.blocks.find(slot.address(), slot.birth());
                taker.take(next, core.blocks.bytes(handle), core.blocks.offset(handle));
            }
        }
        return next < object.blocks() ? Progress.MORE : Progress.DONE;
    }
}
