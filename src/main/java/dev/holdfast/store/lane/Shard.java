package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.store.log.ReplayEntry;
import dev.holdfast.store.read.RangeCheck;
import dev.holdfast.store.read.ReadAhead;
import dev.holdfast.store.read.ReadPath;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One shard of the store as a disk: checks what is asked and hands it to the path of changes ({@link ChangePath}) or of
 * reads ({@link ReadPath}). It keeps no bytes itself.
 */
public final class Shard implements BlockVolume {
    private final Lane lane;
    private final int id;
    private final ShardChanges changes;
    private final ChangePath path;
    private final ReadAhead readAhead;
    private final Optional<ReplicaShard> replica;

    Shard(Lane lane, ShardOpening opening, Gate gate, ShardChanges changes) {
        this.lane = lane;
        this.id = opening.meta().id();
        this.changes = changes;
        this.path = new ChangePath(this, lane, changes, gate, opening);
        this.readAhead = new ReadAhead(lane.reads(), changes.view());
        HeldRun run = path.mirrored();
        if (run == null) {
            this.replica = Optional.empty();
        } else {
            LaidImage image = new LaidImage(lane, path, changes, run, opening.image());
            this.replica = Optional.of(new ReplicaShard(this, lane, path, run, image));
        }
    }

    /** For the protocol that keeps replicas equal; a shard with an open gate has no other replica. */
    public Optional<ReplicaShard> replica() {
        return replica;
    }

    /** Its id in the pool. */
    public int id() {
        return id;
    }

    /** What it is now. */
    public ShardMeta meta() {
        return changes.meta();
    }

    /** Epoch in which its changes are numbered. */
    public int epoch() {
        return path.epoch();
    }

    /** Number of the newest change that is held here. */
    public long heldSeq() {
        return path.held();
    }

    /** Number of the newest change that readers see. */
    public long visibleSeq() {
        return path.visible();
    }

    /** Whether it was deleted: every request fails. */
    public boolean isDeleted() {
        return changes.isDeleted();
    }

    /** For its {@link Gate}: changes up to {@code upTo} may become visible. */
    public void opened(long upTo) {
        path.opened(upTo);
    }

    @Override
    public Loop loop() {
        return lane.loop();
    }

    @Override
    public long sizeBytes() {
        return changes.meta().sizeBytes();
    }

    @Override
    public boolean isReadOnly() {
        return lane.admission().refusal() == Status.READ_ONLY;
    }

    @Override
    public boolean hasRoom(int lengthBytes) {
        Checks.that(lengthBytes >= 0 && lengthBytes <= MAX_TRANSFER_BYTES, "a write has a length", lengthBytes);
        return isDeleted() || path.hasRoom(lengthBytes) && lane.admission().hasRoom(lengthBytes);
    }

    @Override
    public void whenRoom(Runnable task) {
        if (isDeleted()) {
            lane.loop().post(task);
        } else {
            lane.admission().whenRoom(task);
        }
    }

    @Override
    public void submit(Request request) {
        boolean limited = request.kind == Request.Kind.READ;
        Status status = request.kind == Request.Kind.FLUSH ? gone() : check(request, limited);
        if (status != Status.OK || request.kind != Request.Kind.FLUSH && request.lengthBytes == 0) {
            request.completion().completed(request, status);
            return;
        }
        switch (request.kind) {
            case READ -> read(request);
            case FLUSH -> flush(request);
            case TRIM, ZERO -> path.zero(request);
            case CACHE -> lane.reads().prefetch(changes.view(), request);
            case EXTENTS -> lane.reads().extents(changes.view(), request);
            case WRITE -> throw Checks.unreachable("a WRITE comes with its bytes");
        }
    }

    @Override
    public void submitWrite(Request request, ByteBuffer data) {
        Checks.that(request.kind == Request.Kind.WRITE, "only a WRITE comes with bytes");
        Checks.that(data.remaining() >= request.lengthBytes, "the bytes are there", data.remaining());
        Status status = check(request, true);
        if (status != Status.OK || request.lengthBytes == 0) {
            data.position(data.position() + (int) request.lengthBytes);
            request.completion().completed(request, status);
            return;
        }
        path.write(request, data);
    }

    /** The path its control entries take. */
    void control(ControlChange change) {
        path.control(change);
    }

    ChangePath path() {
        return path;
    }

    ShardChanges changes() {
        return changes;
    }

    void replay(ReplayEntry entry) {
        path.replay(entry);
    }

    private void read(Request request) {
        boolean atHand = lane.reads().read(changes.view(), request);
        readAhead.observe(request.offset, request.lengthBytes, atHand, sizeBytes());
    }

    private void flush(Request request) {
        lane.statistics().flushes++;
        path.flush(request);
    }

    private Status gone() {
        return isDeleted() || lane.isRetired() ? Status.IO_ERROR : Status.OK;
    }

    private Status check(Request request, boolean limited) {
        if (gone() != Status.OK) {
            return Status.IO_ERROR;
        }
        return RangeCheck.inside(request, sizeBytes(), limited) ? Status.OK : Status.INVALID;
    }
}
