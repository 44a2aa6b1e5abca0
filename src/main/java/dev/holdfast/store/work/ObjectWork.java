package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.FreedSink;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.TreeUpdate;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.SortedSet;
import java.util.function.Consumer;

/**
 * Rewrites some blocks of one of the pool's own objects in a consistency point. It knows nothing of what they
 * hold.
 */
public final class ObjectWork {
    private static final int SLICE = 64;

    /** Fills the new contents of a block. */
    public interface Filler {
        /** Puts the 4096 bytes of {@code block} into {@code page}, whatever was there. */
        void fill(long block, ByteBuffer page);
    }

    private final Core core;
    private final long cp;
    private final TreeUpdate update;
    private final SortedSet<Long> blocks;
    private final Filler filler;
    private final Iterator<Long> next;

    /**
     * Block numbers are below {@code lengthBlocks}; {@code blocks} and the filler's source stay as they are until
     * it is done.
     */
    public ObjectWork(Core core, long cp, ObjectRoot old, SortedSet<Long> blocks, Filler filler) {
        FreedSink freed = core::free;
        this.core = core;
        this.cp = cp;
        this.update = new TreeUpdate(old, cp, core.blocks, core.pages, freed);
        this.blocks = blocks;
        this.filler = filler;
        this.next = blocks.iterator();
        if (!blocks.isEmpty()) {
            update.resize(Math.max(old.blocks(), blocks.last() + 1));
        }
    }

    /** Puts the work behind what the runner has to do; {@code result} gets the object's new root. */
    public void schedule(Runner runner, Consumer<ObjectRoot> result) {
        runner.add(this::load);
        runner.add(this::write);
        runner.add(new TreeEnd(core, cp, update, result));
    }

    private Work.Progress load(Runner runner) {
        Checks.that(blocks.isEmpty() || blocks.first() >= 0, "blocks are numbered from 0");
        for (long block : blocks) {
            update.plan(block, 1, core::miss);
        }
        return core.loadMissing(runner) ? Work.Progress.WAITING : Work.Progress.DONE;
    }

    private Work.Progress write(Runner runner) {
        if (core.staging.room() < SLICE) {
            core.staging.whenRoom(runner::resume);
            return Work.Progress.WAITING;
        }
        for (int i = 0; i < SLICE && next.hasNext(); i++) {
            long block = next.next();
            long address = core.allocate();
            int at = core.staging.claim(address);
            ByteBuffer page = core.staging.bytes().slice(at, StagingWriter.BLOCK_BYTES);
            filler.fill(block, page.order(ByteOrder.LITTLE_ENDIAN));
            update.put(block, address, core.crc.ofBlock(core.staging.bytes(), at));
        }
        return next.hasNext() ? Work.Progress.MORE : Work.Progress.DONE;
    }
}
