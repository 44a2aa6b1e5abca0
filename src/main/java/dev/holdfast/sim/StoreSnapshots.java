package dev.holdfast.sim;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Disk;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.oracle.PrefixOracle;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.workload.BlockWorkload;
import dev.holdfast.sim.workload.RunReader;
import dev.holdfast.store.Pool;
import dev.holdfast.store.root.SnapshotRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Snapshots of the volume that clients write to: they come and go, and are judged.
 *
 * <ol>
 *   <li>A new one is the volume after some number of the clients' changes, in order: with all that were acknowledged
 *       before it was asked for, and without any that were submitted when it had its place in the order.
 *   <li>What one was seen to hold it holds until it is deleted, whatever happens to the server.
 *   <li>One whose making was acknowledged is there after any crash; one whose deletion was acknowledged is not.
 * </ol>
 *
 * <p>Everything on the volume's loop. It is no process: a crash ends the present {@link Session}, not this.
 */
final class StoreSnapshots {
    private static final int MOST = 6;
    private static final long LONGEST_PAUSE_NANOS = 3_000_000_000L;
    private static final long SHORT_PAUSE_NANOS = 100_000_000L;

    private final SimRandom random;
    private final List<BlockWorkload> clients = new ArrayList<>(1);
    private final List<Session> sessions = new ArrayList<>(1);

    /** By id, blocks and what they were seen to hold; empty if it was not read yet. */
    private final TreeMap<Long, TreeMap<Long, byte[]>> contents = new TreeMap<>();

    private final TreeSet<Long> gone = new TreeSet<>();
    private long nextId = 1;

    StoreSnapshots(SimRandom random) {
        this.random = random;
    }

    StoreSnapshots fork(SimRandom other) {
        StoreSnapshots fork = new StoreSnapshots(other);
        fork.contents.putAll(contents);
        fork.gone.addAll(gone);
        fork.nextId = nextId;
        return fork;
    }

    void servedTo(BlockWorkload client) {
        clients.clear();
        clients.add(client);
    }

    /** A process serves {@code volume}; nothing counts any more once it is {@code silent}. */
    void begin(Pool pool, BlockVolume volume, BooleanSupplier silent) {
        Checks.that(volume.loop().isCurrent(), "on the volume's loop");
        Session session = new Session(pool, volume, silent);
        sessions.clear();
        sessions.add(session);
        session.begin();
    }

    /** Reads every snapshot; {@code sound} runs when all hold what they should. */
    void lookAtAll(Runnable sound) {
        Session session = sessions.getFirst();
        session.loopPost(() -> session.lookAtAll(sound));
    }

    /** The server is being stopped: what is being read need not end well. */
    void stopping() {
        sessions.forEach(session -> session.stopping = true);
    }

    /** One process. */
    private final class Session {
        private final Pool pool;
        private final BlockVolume volume;
        private final BooleanSupplier silent;
        private boolean resting;
        private boolean stopping;

        Session(Pool pool, BlockVolume volume, BooleanSupplier silent) {
            this.pool = pool;
            this.volume = volume;
            this.silent = silent;
        }

        void loopPost(Runnable task) {
            volume.loop().post(task);
        }

        void begin() {
            ids(ids -> {
                checkPresence(ids);
                List<Long> some = ids.isEmpty() ? List.of() : List.of(ids.get(random.below(ids.size())));
                lookAt(new ArrayList<>(some), this::churnLater);
            });
        }

        void lookAtAll(Runnable sound) {
            resting = true;
            lookAt(new ArrayList<>(contents.keySet()), () -> {
                resting = false;
                sound.run();
            });
        }

        private void ids(Consumer<List<Long>> taker) {
            pool.status(volume.loop(), status -> {
                if (!silent.getAsBoolean()) {
                    taker.accept(status.shards().stream()
                            .filter(shard -> shard.meta().id() == StoreServer.SHARD)
                            .flatMap(shard -> shard.snapshots().stream())
                            .map(SnapshotRecord::id)
                            .toList());
                }
            });
        }

        private void checkPresence(List<Long> ids) {
            for (long id : contents.keySet()) {
                if (!ids.contains(id)) {
                    throw new OracleViolation("snapshot " + id + " is gone, there are " + ids);
                }
            }
            for (long id : ids) {
                if (gone.contains(id)) {
                    throw new OracleViolation("deleted snapshot " + id + " is back");
                }
            }
        }

        private void churnLater() {
            long longestNanos = random.oneIn(2) ? SHORT_PAUSE_NANOS : LONGEST_PAUSE_NANOS;
            volume.loop().after(random.below(longestNanos), () -> ids(this::churn));
        }

        private void churn(List<Long> ids) {
            if (resting) {
                churnLater();
            } else if (ids.isEmpty() || (ids.size() < MOST && random.oneIn(2))) {
                create();
            } else {
                delete(ids.get(random.below(ids.size())));
            }
        }

        private void create() {
            PrefixOracle prefix = clients.getFirst().prefix();
            PrefixOracle.Moment moment = prefix.beginMoment();
            long id = nextId++;
            Pool.Answer answer = result -> {
                if (silent.getAsBoolean()) {
                    return;
                }
                if (result instanceof Pool.Result.Done) {
                    contents.put(id, new TreeMap<>());
                    read(id, seen -> {
                        prefix.sawMoment(moment, seen);
                        churnLater();
                    });
                } else {
                    churnLater();
                }
            };
            pool.createSnapshot(StoreServer.SHARD, id, "s" + id, random.oneIn(3), volume.loop(), answer);
            volume.loop().post(() -> prefix.endMoment(moment));
        }

        private void delete(long id) {
            contents.remove(id);
            pool.deleteSnapshot(StoreServer.SHARD, id, volume.loop(), result -> {
                if (!silent.getAsBoolean()) {
                    if (result instanceof Pool.Result.Done) {
                        gone.add(id);
                    }
                    churnLater();
                }
            });
        }

        /** Reads the snapshots of {@code left}, one after another, and compares. */
        void lookAt(List<Long> left, Runnable then) {
            if (left.isEmpty()) {
                then.run();
            } else {
                read(left.removeLast(), seen -> lookAt(left, then));
            }
        }

        private void read(long id, Consumer<TreeMap<Long, byte[]>> taker) {
            TreeMap<Long, byte[]> known = contents.getOrDefault(id, new TreeMap<>());
            long[] blocks = known.isEmpty()
                    ? clients.getFirst().prefix().touchedBlocks()
                    : known.keySet().stream().mapToLong(Long::longValue).toArray();
            pool.openSnapshot(StoreServer.SHARD, id, volume.loop(), opened -> {
                if (!silent.getAsBoolean()) {
                    readOpened(id, opened, blocks, taker);
                }
            });
        }

        private void readOpened(
                long id, Optional<BlockVolume> opened, long[] blocks, Consumer<TreeMap<Long, byte[]>> taker) {
            if (opened.isEmpty()) {
                if (contents.containsKey(id)) {
                    throw new OracleViolation("snapshot " + id + " cannot be opened");
                }
                taker.accept(new TreeMap<>());
                return;
            }
            RunReader.read(opened.get(), blocks, silent, (complete, seen) -> {
                if (!complete && !stopping && !clients.getFirst().areErrorsAllowed()) {
                    throw new OracleViolation("snapshot " + id + " cannot be read");
                }
                compare(id, seen, complete);
                taker.accept(seen);
            });
        }

        private void compare(long id, TreeMap<Long, byte[]> seen, boolean complete) {
            TreeMap<Long, byte[]> known = contents.getOrDefault(id, new TreeMap<>());
            if (known.isEmpty() && complete && contents.containsKey(id)) {
                contents.put(id, seen);
            }
            known.forEach((block, bytes) -> {
                byte[] now = seen.getOrDefault(block, bytes);
                if (!Arrays.equals(bytes, now)) {
                    throw new OracleViolation(
                            "snapshot " + id + " changed at byte " + block * Disk.BLOCK_BYTES + " of the volume");
                }
            });
        }
    }
}
