package dev.holdfast.sim.workload;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Disk;
import dev.holdfast.sim.oracle.BlockOracle;
import dev.holdfast.sim.oracle.Change;
import dev.holdfast.sim.oracle.OracleViolation;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One request under way: takes its answer and tells the oracles. */
final class Flight implements Request.Completion {
    private final BlockWorkload workload;
    private final Request request = new Request(this);
    private final int generation;
    private final List<Change> change = new ArrayList<>(1);
    private final List<BlockOracle.Look> look = new ArrayList<>(1);
    private final List<Hole> holes = new ArrayList<>();
    private Runnable then = () -> {};
    private byte[] bytes = new byte[0];
    private long flushBegun;
    private int flushBegunPrefix;
    private long extentsEnd;
    private int extents;

    private record Hole(long offset, long lengthBytes) {}

    Flight(BlockWorkload workload, Request.Kind kind, int generation) {
        this.workload = workload;
        this.generation = generation;
        request.kind = kind;
    }

    Request request() {
        return request;
    }

    int generation() {
        return generation;
    }

    Change change() {
        return change.getFirst();
    }

    void changes(Change begun) {
        change.add(begun);
    }

    void looks(BlockOracle.Look begun) {
        look.add(begun);
        extentsEnd = request.offset;
    }

    void flushed(long begun, int begunPrefix) {
        flushBegun = begun;
        flushBegunPrefix = begunPrefix;
    }

    /** Runs {@code task} after the oracles were told. */
    void then(Runnable task) {
        then = task;
    }

    @Override
    public ByteBuffer readSpace(Request asked) {
        Checks.that(asked == request && request.kind == Request.Kind.READ, "space is asked for a read");
        return workload.readSpace();
    }

    @Override
    public void extent(Request asked, long lengthBytes, boolean allocated) {
        Checks.that(asked == request && request.kind == Request.Kind.EXTENTS, "extents were asked for");
        boolean fits = lengthBytes > 0 && lengthBytes <= request.offset + request.lengthBytes - extentsEnd;
        if (!fits || ++extents > request.maxExtents) {
            throw new OracleViolation(
                    "extent " + extents + " of " + lengthBytes + " bytes at " + extentsEnd + " was not asked for");
        }
        if (!allocated) {
            holes.add(new Hole(extentsEnd, lengthBytes));
        }
        extentsEnd += lengthBytes;
    }

    @Override
    public void completed(Request asked, Status status) {
        Checks.that(asked == request, "a completion names its request");
        if (!workload.ended(this, status)) {
            return;
        }
        if (status == Status.OK) {
            tellOracles();
            if (request.kind == Request.Kind.FLUSH || (!change.isEmpty() && request.forceUnitAccess)) {
                workload.answeredDurable();
            }
        } else if (!change.isEmpty()) {
            workload.oracle().failed(change());
            workload.prefix().failed();
        }
        then.run();
    }

    private void tellOracles() {
        switch (request.kind) {
            case READ -> {
                bytes = workload.takeRead(request.lengthBytes);
                workload.oracle().sawBytes(look.getFirst(), bytes);
            }
            case WRITE, TRIM, ZERO -> {
                workload.oracle().acknowledged(change(), request.forceUnitAccess);
                workload.prefix().acknowledged(change(), request.forceUnitAccess);
            }
            case FLUSH -> {
                workload.oracle().flushed(flushBegun);
                workload.prefix().flushed(flushBegunPrefix);
            }
            case EXTENTS -> {
                if (extents == 0) {
                    throw new OracleViolation("no extent was reported at " + request.offset);
                }
                holes.forEach(hole -> workload.oracle().sawNothing(look.getFirst(), hole.offset, hole.lengthBytes));
            }
            case CACHE -> {}
        }
    }

    /** True if the bytes of a read came. */
    boolean isRead() {
        return bytes.length > 0;
    }

    /** Tells the judge of order what a whole block holds. */
    void showPrefix() {
        for (int at = 0; at < bytes.length; at += Disk.BLOCK_BYTES) {
            byte[] block = Arrays.copyOfRange(bytes, at, at + Disk.BLOCK_BYTES);
            workload.prefix().sawBlock((request.offset + at) / Disk.BLOCK_BYTES, block);
        }
    }
}
