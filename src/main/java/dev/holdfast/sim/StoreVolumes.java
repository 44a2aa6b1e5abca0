package dev.holdfast.sim;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Disk;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.workload.BlockWorkload;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.ShardMeta;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * Volumes beside the one that is judged: made, written to, given other sizes, kept in snapshots and deleted, for what
 * that does to lanes, log and space. Of them only this is judged: one whose making was acknowledged is there after any
 * crash, one whose deletion was acknowledged is not. The store's verifier judges their space.
 */
final class StoreVolumes {
    private static final int MOST = 3;
    private static final long LONGEST_PAUSE_NANOS = 4_000_000_000L;
    private static final long SIZE_BYTES = 64 << 20;
    private static final ByteBuffer NO_SPACE = ByteBuffer.allocate(0);

    private final SimRandom random;
    private final List<BlockWorkload> clients = new ArrayList<>(1);
    private final TreeSet<Integer> present = new TreeSet<>();
    private final TreeSet<Integer> gone = new TreeSet<>();
    private int nextId = StoreServer.SHARD + 1;
    private long nextSnapshotId = 1;

    StoreVolumes(SimRandom random) {
        this.random = random;
    }

    StoreVolumes fork(SimRandom other) {
        StoreVolumes fork = new StoreVolumes(other);
        fork.present.addAll(present);
        fork.gone.addAll(gone);
        fork.nextId = nextId;
        fork.nextSnapshotId = nextSnapshotId;
        return fork;
    }

    void servedTo(BlockWorkload client) {
        clients.clear();
        clients.add(client);
    }

    /** A process serves {@code pool}; nothing counts any more once it is {@code silent}. */
    void begin(Pool pool, Loop loop, BooleanSupplier silent) {
        Checks.that(loop.isCurrent(), "on the pool's loop");
        for (int id : present) {
            if (pool.volume(id).isEmpty()) {
                throw new OracleViolation("volume " + id + " is gone");
            }
        }
        for (int id : gone) {
            if (pool.volume(id).isPresent()) {
                throw new OracleViolation("deleted volume " + id + " is back");
            }
        }
        new Session(pool, loop, silent).later();
    }

    /** One process. */
    private final class Session {
        private final Pool pool;
        private final Loop loop;
        private final BooleanSupplier silent;

        Session(Pool pool, Loop loop, BooleanSupplier silent) {
            this.pool = pool;
            this.loop = loop;
            this.silent = silent;
        }

        void later() {
            loop.after(random.below(LONGEST_PAUSE_NANOS), this::churn);
        }

        private void churn() {
            if (present.isEmpty() || (present.size() < MOST && random.oneIn(3))) {
                create(nextId++);
                return;
            }
            int id = List.copyOf(present).get(random.below(present.size()));
            switch (random.below(5)) {
                case 0 -> delete(id);
                case 1 -> pool.resizeShard(id, random.below(SIZE_BYTES), loop, result -> later());
                case 2 -> pool.createSnapshot(id, nextSnapshotId++, "other", random.oneIn(2), loop, result -> later());
                default -> write(id);
            }
        }

        private void create(int id) {
            pool.createShard(new ShardMeta(id, 0, id, "volume-" + id, SIZE_BYTES), loop, result -> {
                if (!silent.getAsBoolean() && result instanceof Pool.Result.Done) {
                    present.add(id);
                }
                later();
            });
        }

        private void delete(int id) {
            present.remove(id);
            pool.deleteShard(id, loop, result -> {
                if (!silent.getAsBoolean() && result instanceof Pool.Result.Done) {
                    gone.add(id);
                }
                later();
            });
        }

        private void write(int id) {
            Optional<BlockVolume> volume = pool.volume(id);
            if (volume.isEmpty()) {
                later();
            } else {
                volume.get().loop().post(() -> write(volume.get()));
            }
        }

        private void write(BlockVolume volume) {
            int lengthBytes = (1 + random.below(32)) * 512;
            long room = volume.sizeBytes() - lengthBytes;
            if (room < 0 || !volume.hasRoom(lengthBytes)) {
                loop.post(this::later);
                return;
            }
            Request request = new Request(new Ended(this));
            request.kind = Request.Kind.WRITE;
            request.offset =
                    Math.min(room, ((long) random.below(2) << 20) + (long) random.below(64) * Disk.BLOCK_BYTES);
            request.lengthBytes = lengthBytes;
            request.forceUnitAccess = random.oneIn(4);
            volume.submitWrite(request, ByteBuffer.allocateDirect(lengthBytes));
        }

        private void ended(Status status) {
            boolean fine = status == Status.SHUTDOWN || clients.getFirst().allows(status);
            if (!fine && !silent.getAsBoolean()) {
                throw new OracleViolation("a write of another volume ended with " + status);
            }
            loop.post(this::later);
        }
    }

    private record Ended(Session session) implements Request.Completion {
        @Override
        public ByteBuffer readSpace(Request request) {
            return NO_SPACE;
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {}

        @Override
        public void completed(Request request, Status status) {
            session.ended(status);
        }
    }
}
