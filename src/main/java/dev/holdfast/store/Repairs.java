package dev.holdfast.store;

import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.array.BlockRead;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.StagingWriter;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Overwrites wrong copies of blocks with good ones, one at a time and only between consistency points: then no block is
 * written at an address that is in use, so nothing newer can be overwritten. A copy that has become right is left
 * alone. Repairs beyond its queue are dropped; the next read of the block asks again.
 */
final class Repairs {
    private static final int QUEUE = 1024;

    private record Wanted(long address, int checksum, long copies) {}

    private final Core core;
    private final BlockRead read;
    private final ArrayDeque<Wanted> queue = new ArrayDeque<>();
    private Runnable idle = () -> {};
    private boolean underWay;
    private boolean allowed = true;

    Repairs(Core core) {
        this.core = core;
        ByteBuffer space =
                ByteBuffer.allocateDirect(2 * StagingWriter.BLOCK_BYTES).alignedSlice(StagingWriter.BLOCK_BYTES);
        this.read = new BlockRead(space, core.loop, this::wasRead);
    }

    /** The members in {@code copies} hold wrong bytes for the block. */
    void want(long address, int checksum, long copies) {
        Checks.that(copies != 0 && address > 0, "some copy of a block is wrong", address);
        if (queue.size() < QUEUE) {
            queue.addLast(new Wanted(address, checksum, copies));
            start();
        }
    }

    /** No repair begins until {@link #allow}; {@code task} runs, perhaps at once, when none is under way. */
    void hold(Runnable task) {
        Checks.that(allowed, "repairs are held once");
        allowed = false;
        if (underWay) {
            idle = task;
        } else {
            task.run();
        }
    }

    /** Repairs may begin again. */
    void allow() {
        Checks.that(!allowed, "repairs were held");
        allowed = true;
        start();
    }

    private void start() {
        Wanted wanted = queue.peekFirst();
        if (wanted == null || underWay || !allowed) {
            return;
        }
        if (!core.freeMap.isTaken(wanted.address)) {
            queue.removeFirst();
            start();
            return;
        }
        underWay = true;
        read.address = wanted.address;
        read.blocks = 1;
        read.copies = wanted.copies;
        read.checksums[0] = wanted.checksum;
        read.into.clear().limit(StagingWriter.BLOCK_BYTES);
        core.array.read(read);
    }

    private void wasRead(BlockRead ended) {
        Wanted wanted = queue.getFirst();
        Checks.that(ended.address == wanted.address, "one repair at a time", ended.address);
        boolean lookedAtThose = ended.copies != BlockRead.ALL_COPIES;
        if (lookedAtThose && ended.bad != 0) {
            read.copies = BlockRead.ALL_COPIES;
            core.array.read(read);
            return;
        }
        queue.removeFirst();
        long wrong = lookedAtThose ? ended.wrongCopies : wanted.copies;
        if (ended.bad != 0 || wrong == 0) {
            ended();
            return;
        }
        ByteBuffer good = ended.into.slice(0, StagingWriter.BLOCK_BYTES);
        core.array.repair(wanted.address, good, wrong, core.loop, (token, outcome) -> repaired(outcome), 0);
    }

    /** The block stays wrong there if it failed: the next read of it asks again. What it means is the pool's. */
    private void repaired(ArrayOutcome outcome) {
        switch (outcome) {
            case OK -> Marks.reached("store.repaired");
            case MEMBER_LOST -> core.trouble.memberLost();
            case NO_SPACE -> core.trouble.hostFull();
            case FAILED -> core.trouble.failed("no device of the pool takes repairs");
        }
        ended();
    }

    private void ended() {
        Checks.that(underWay, "a repair ends once");
        underWay = false;
        Runnable then = idle;
        idle = () -> {};
        if (allowed) {
            start();
        } else {
            then.run();
        }
    }
}
