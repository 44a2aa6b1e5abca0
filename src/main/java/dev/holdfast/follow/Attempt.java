package dev.holdfast.follow;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.frontend.nbd.client.Opening;
import dev.holdfast.frontend.nbd.client.RemoteDisk;
import dev.holdfast.io.Network.Address;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One try at one place: a path of its own, and the READ on it that only who leads answers, with its reign. It ends by
 * telling its search, once, or by being dropped.
 */
final class Attempt implements Request.Completion, Opening.Told {
    private final Search search;
    private final Optional<Address> address;
    private final long sinceNanos;
    private final ByteBuffer space = ByteBuffer.allocateDirect(SessionVolume.GREETING_BYTES);
    private Optional<Opening> opening = Optional.empty();
    private Optional<RemoteDisk> remote = Optional.empty();
    private Optional<BlockVolume> disk = Optional.empty();
    private boolean over;

    /** {@code address} is empty for the copy on this node. */
    Attempt(Search search, Optional<Address> address, long nowNanos) {
        this.search = search;
        this.address = address;
        this.sinceNanos = nowNanos;
    }

    Optional<Address> address() {
        return address;
    }

    long sinceNanos() {
        return sinceNanos;
    }

    /** Waits for the outcome of {@code begun}. */
    void opens(Opening begun) {
        opening = Optional.of(begun);
    }

    @Override
    public void opened(RemoteDisk found) {
        remote = Optional.of(found);
        if (found.sizeBytes() < search.sizeBytes()) {
            end("it has only " + found.sizeBytes() + " bytes there");
        } else {
            ask(found);
        }
    }

    /** Asks {@code found} who it is. */
    void ask(BlockVolume found) {
        disk = Optional.of(found);
        Request request = new Request(this);
        request.kind = Request.Kind.READ;
        request.lengthBytes = SessionVolume.GREETING_BYTES;
        found.submit(request);
    }

    @Override
    public void failed(String reason) {
        end(reason);
    }

    @Override
    public ByteBuffer readSpace(Request request) {
        return space.clear();
    }

    @Override
    public void extent(Request request, long lengthBytes, boolean allocated) {}

    @Override
    public void completed(Request request, Status status) {
        if (over) {
            return;
        }
        switch (status) {
            case OK -> {
                over = true;
                long reign = space.getLong(0);
                long lostBefore = space.getLong(Long.BYTES);
                search.succeeded(this, new Path(disk.orElseThrow(), address, reign, lostBefore, this::close));
            }
            case MOVED, SHUTDOWN -> end("it does not lead");
            default -> end("it does not greet: " + status);
        }
    }

    /** It is not waited for any more. */
    void drop() {
        if (!over) {
            over = true;
            opening.ifPresent(Opening::giveUp);
            close();
        }
    }

    private void end(String reason) {
        if (!over) {
            drop();
            search.failed(this, reason);
        }
    }

    private void close() {
        remote.ifPresent(RemoteDisk::close);
    }
}
