package dev.holdfast.sim.workload;

import dev.holdfast.block.Request;
import dev.holdfast.io.Disk;
import java.util.function.Consumer;

/** Reads every block that a workload ever changed, in runs, one request at a time. */
final class FullRead {
    private static final int RUN_BLOCKS = 64;

    private final BlockWorkload workload;
    private final boolean afterCrash;
    private final Consumer<Boolean> done;
    private final long[] blocks;
    private int at;
    private boolean complete = true;

    FullRead(BlockWorkload workload, boolean afterCrash, Consumer<Boolean> done) {
        this.workload = workload;
        this.afterCrash = afterCrash;
        this.done = done;
        this.blocks = workload.oracle().touchedBlocks();
    }

    void next() {
        if (at == blocks.length) {
            if (afterCrash && complete) {
                workload.prefix().conclude();
            }
            done.accept(complete);
            return;
        }
        int first = at;
        do {
            at++;
        } while (at < blocks.length && blocks[at] == blocks[first] + at - first && at - first < RUN_BLOCKS);
        Flight flight = workload.newFlight(Request.Kind.READ);
        flight.then(() -> {
            complete &= flight.isRead();
            if (afterCrash && flight.isRead()) {
                flight.showPrefix();
            }
            next();
        });
        long offset = blocks[first] * Disk.BLOCK_BYTES;
        workload.submitLook(Request.Kind.READ, offset, (at - first) * Disk.BLOCK_BYTES, flight);
    }
}
