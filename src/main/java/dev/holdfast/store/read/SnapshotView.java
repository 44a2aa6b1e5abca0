package dev.holdfast.store.read;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;

/**
 * The bytes of one snapshot as a disk that takes no changes; the same reads as the live disk's, without dirty maps. It
 * does not keep the snapshot: whoever opened it stops using it before the snapshot is deleted.
 */
public final class SnapshotView implements BlockVolume {
    private final Loop loop;
    private final ReadPath reads;
    private final long sizeBytes;
    private final ReadView view;
    private final ReadAhead readAhead;

    /** The disk that {@code tree} is, of {@code sizeBytes}, on the loop of {@code reads}. */
    public SnapshotView(Loop loop, ReadPath reads, int shard, ObjectRoot tree, long sizeBytes) {
        this.loop = loop;
        this.reads = reads;
        this.sizeBytes = sizeBytes;
        Checks.that(sizeBytes >= 0, "a snapshot has a size", sizeBytes);
        this.view = new ReadView(shard, tree);
        this.readAhead = new ReadAhead(reads, view);
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public boolean hasRoom(int lengthBytes) {
        return true;
    }

    @Override
    public void whenRoom(Runnable task) {
        loop.post(task);
    }

    @Override
    public void submit(Request request) {
        Status status = switch (request.kind) {
            case TRIM, ZERO -> Status.READ_ONLY;
            case FLUSH -> Status.OK;
            default ->
                RangeCheck.inside(request, sizeBytes, request.kind == Request.Kind.READ) ? Status.OK : Status.INVALID;
        };
        if (status != Status.OK || request.kind == Request.Kind.FLUSH || request.lengthBytes == 0) {
            request.completion().completed(request, status);
            return;
        }
        switch (request.kind) {
            case READ -> {
                boolean atHand = reads.read(view, request);
                readAhead.observe(request.offset, request.lengthBytes, atHand, sizeBytes);
            }
            case CACHE -> reads.prefetch(view, request);
            case EXTENTS -> reads.extents(view, request);
            default -> throw Checks.unreachable("only reads come here");
        }
    }

    @Override
    public void submitWrite(Request request, ByteBuffer data) {
        Checks.that(data.remaining() >= request.lengthBytes, "the bytes are there", data.remaining());
        data.position(data.position() + (int) request.lengthBytes);
        request.completion().completed(request, Status.READ_ONLY);
    }
}
