package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.LedVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.mirror.Replica;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The replica of a node as a disk: it takes requests while it leads, and says MOVED otherwise.
 *
 * <ol>
 *   <li>A read is begun only while the replica serves, with a lease; until then it waits.
 *   <li>A change or a flush is handed on once what the replica held as its reign began is confirmed. That it is
 *       answered only under a lease is the gate's work.
 *   <li>When a reign ends nobody waits any more.
 * </ol>
 */
public final class PrimaryVolume implements LedVolume {
    private final BlockVolume disk;
    private final ArrayDeque<Room> rooms = new ArrayDeque<>();
    private Optional<Replica> replica = Optional.empty();
    private @Nullable Request head;
    private @Nullable Request tail;
    private long reignSeen;
    private boolean numbersSeen;

    /** A replica that does not lead; {@code disk} is the shard in its pool. */
    public PrimaryVolume(BlockVolume disk) {
        this.disk = disk;
    }

    /** From now on it is what {@code of} is. */
    public void attach(Replica of) {
        replica = Optional.of(of);
    }

    /** The replica may have come to another role, or to a lease: who waited for that goes on. */
    public void look() {
        long reign = reign();
        boolean numbers = numbers();
        boolean isNews = reignSeen != reign || numbersSeen != numbers;
        if (reignSeen != reign) {
            reignSeen = reign;
            release(false);
        }
        numbersSeen = numbers;
        if (reign > 0 && head != null) {
            release(true);
        }
        if (isNews && (reign == 0 || numbers)) {
            List.copyOf(rooms).forEach(Room::run); // Where changes are numbered it is the disk that calls later.
        }
    }

    /** Hands on, or says MOVED to, who waits; what can't be handed on yet waits on, in its order. */
    private void release(boolean goesOn) {
        Request request = head;
        head = null;
        tail = null;
        while (request != null) {
            Request next = request.next == request ? null : request.next;
            request.next = request;
            if (goesOn) {
                submit(request);
            } else {
                Marks.reached("replica.waiter-moved");
                request.completion().completed(request, Status.MOVED);
            }
            request = next;
        }
    }

    private boolean numbers() {
        return replica.isPresent() && replica.get().numbers();
    }

    @Override
    public long reign() {
        return replica.isPresent() ? replica.get().reign() : 0;
    }

    @Override
    public long lostBefore() {
        return replica.isPresent() ? replica.get().lossEpoch() : 0;
    }

    @Override
    public Loop loop() {
        return disk.loop();
    }

    @Override
    public long sizeBytes() {
        return disk.sizeBytes();
    }

    @Override
    public boolean isReadOnly() {
        return disk.isReadOnly();
    }

    @Override
    public boolean hasRoom(int lengthBytes) {
        return reign() == 0 || numbers() && disk.hasRoom(lengthBytes);
    }

    @Override
    public void whenRoom(Runnable task) {
        Room room = new Room(task);
        rooms.addLast(room);
        if (reign() == 0) {
            loop().post(room);
        } else if (numbers()) {
            disk.whenRoom(room);
        }
    }

    @Override
    public void submit(Request request) {
        if (reign() == 0) {
            request.completion().completed(request, Status.MOVED);
            return;
        }
        boolean ready = switch (request.kind) {
            case READ, EXTENTS, CACHE -> replica.orElseThrow().serves();
            case FLUSH, TRIM, ZERO -> numbers();
            case WRITE -> throw Checks.unreachable("a WRITE comes with its bytes");
        };
        if (ready) {
            disk.submit(request);
        } else {
            await(request);
        }
    }

    private void await(Request request) {
        Checks.that(request.next == request, "a request waits in one place at a time", request.cookie);
        if (tail == null) {
            head = request;
        } else {
            tail.next = request;
        }
        tail = request;
    }

    @Override
    public void submitWrite(Request request, ByteBuffer data) {
        if (reign() == 0) {
            data.position(data.position() + (int) request.lengthBytes);
            request.completion().completed(request, Status.MOVED);
            return;
        }
        Checks.that(numbers(), "a write comes when there is room", request.cookie);
        disk.submitWrite(request, data);
    }

    /** Somebody who waits for room, and is called once, whoever calls first. */
    private final class Room implements Runnable {
        private final Runnable task;

        Room(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            if (rooms.remove(this)) {
                task.run();
            }
        }
    }
}
