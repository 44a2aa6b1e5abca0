package dev.holdfast.store.checkpoint;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.cache.DirtyMap;
import dev.holdfast.store.cache.NewNodes;
import dev.holdfast.store.lane.FrozenLane;
import dev.holdfast.store.lane.FrozenShard;
import dev.holdfast.store.lane.Installed;
import dev.holdfast.store.lane.InstalledShard;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotTable;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.FreeMapWork;
import dev.holdfast.store.work.ObjectWork;
import dev.holdfast.store.work.RootWriter;
import dev.holdfast.store.work.Runner;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One consistency point, from freezing the lanes to letting go of what the new root covers; read it from {@link
 * #begin}
 * downwards. It runs beside group commits, a slice per turn, and is used once.
 *
 * <ul>
 *   <li><b>C1</b> The root is written only after every block it reaches was flushed.
 *   <li><b>C2</b> Lanes install the root only after it is durable; blocks and ring space it no longer needs are
 *       given back only after that.
 *   <li><b>C3</b> Of each shard it takes the changes up to at most one snapshot or pin marker: that tree is the
 *       shard's tree in this root.
 * </ul>
 */
public final class Checkpoint {
    /** How far it is. */
    public enum Stage {
        /** Lanes seal their dirty maps and answer. */
        FREEZE,
        /** Blocks and trees of the shards are written. */
        SHARDS,
        /** Snapshot tables, dead lists, shard table, free map. */
        TABLES,
        /** Everything written becomes durable. */
        FLUSH,
        /** The one block. */
        ROOT,
        /** Lanes install the root. */
        RETIRE,
        /** Over. */
        DONE
    }

    /** What the committer does at the ends of a consistency point. */
    public interface Host {
        /** The root to write, given the objects it reaches and the releases of the lanes. */
        Root makeRoot(long cp, Root.Objects objects, long[] release);

        /** True if no root is made any more: the pool failed, or is not the pool any more. */
        boolean isOver();

        /** The root is durable: free map and ring may give back; {@code then} once log memory may be let go. */
        void retired(Root root, long[] release, Runnable then);

        /** Every lane has installed it. */
        void ended(List<Runnable> waiters);
    }

    private final Core core;
    private final long cp;
    private final List<LaneLink> lanes;
    private final Runner runner;
    private final RootWriter roots;
    private final Host host;
    private final List<Runnable> waiters;
    private final FrozenLane[] frozen;
    private final TreeMap<Integer, FrozenShard> shards = new TreeMap<>();
    private final TreeSet<Integer> changedShards = new TreeSet<>();
    private Stage stage = Stage.FREEZE;
    private int answers;
    private Root.Objects objects;

    public Checkpoint(
            Core core, List<LaneLink> lanes, Runner runner, RootWriter roots, Host host, List<Runnable> waiters) {
        this.core = core;
        this.cp = roots.newest().number().cp() + 1;
        this.lanes = lanes;
        this.runner = runner;
        this.roots = roots;
        this.host = host;
        this.waiters = waiters;
        this.frozen = new FrozenLane[lanes.size()];
        this.objects = roots.newest().objects();
    }

    public long cp() {
        return cp;
    }

    public Stage stage() {
        return stage;
    }

    /** FREEZE: asks every lane; {@link #frozen} goes on when all have answered. */
    public void begin() {
        Checks.that(stage == Stage.FREEZE && answers == 0, "a consistency point is used once", cp);
        lanes.forEach(link -> link.tell(lane -> lane.freeze(cp)));
    }

    /** A lane has sealed its changes. */
    public void frozen(int lane, FrozenLane answer) {
        Checks.that(stage == Stage.FREEZE && answer.cp() == cp, "a lane answers the freeze under way", answer.cp(), cp);
        frozen[lane] = answer;
        lanes.get(lane).nodes().clear();
        answer.shards().forEach(shard -> shards.put(shard.meta().id(), shard));
        if (++answers == lanes.size()) {
            answers = 0;
            stage = Stage.SHARDS;
            core.twin().begins(cp);
            core.freeMap.held().roots(core.twin().roots());
            core.freeMap.begin(cp);
            core.shards.values().forEach(this::schedulePins);
            scheduleShards();
            core.shards.values().forEach(this::scheduleDeletion);
            runner.then(this::tables);
        }
    }

    /** True if its root has everything that the lanes hold. */
    public boolean isAll() {
        return List.of(frozen).stream().allMatch(FrozenLane::isAll);
    }

    /** True if no lane had a change. */
    public boolean isEmpty() {
        return shards.isEmpty();
    }

    /** Dirty blocks that the lanes gave to it. */
    public long frozenBlocks() {
        return shards.values().stream()
                .mapToLong(shard -> shard.changes().map(DirtyMap::size).orElse(0))
                .sum();
    }

    private void scheduleShards() {
        for (int lane = 0; lane < frozen.length; lane++) {
            NewNodes nodes = lanes.get(lane).nodes();
            for (FrozenShard change : frozen[lane].shards()) {
                changedShards.add(change.meta().id());
                runner.then(() -> new ShardControl(core, cp, change, nodes).schedule(runner));
            }
        }
    }

    private void schedulePins(ShardState shard) {
        if (shard.life == ShardState.Life.LIVE && !shard.pinWishes.isEmpty()) {
            changedShards.add(shard.id());
            runner.then(() -> new ShardPins(core, cp, shard).schedule(runner));
        }
    }

    private void scheduleDeletion(ShardState shard) {
        if (shard.life == ShardState.Life.DELETING) {
            changedShards.add(shard.id());
            runner.add(new ShardDeletion(core, cp, shard));
        }
    }

    /** TABLES: what the shards' ends need, then the shard table, then the free map, which closes the books. */
    private void tables() {
        Checks.that(stage == Stage.SHARDS, "tables come after the shards", cp);
        stage = Stage.TABLES;
        TreeSet<Long> records = new TreeSet<>();
        for (int id : changedShards) {
            ShardState shard = core.shards.get(id);
            records.add((long) id);
            if (shard != null && !shard.snapshots.changedBlocks().isEmpty()) {
                SnapshotTable table = shard.snapshots;
                new ObjectWork(core, cp, table.object(), table.changedBlocks(), table::encode)
                        .schedule(runner, table::written);
            }
        }
        runner.then(() -> shardTable(records));
    }

    private void shardTable(TreeSet<Long> records) {
        new ObjectWork(core, cp, objects.shardTable(), records, this::encodeShard)
                .schedule(runner, table -> objects = withShardTable(table));
        runner.then(this::freeMap);
    }

    private Root.Objects withShardTable(ObjectRoot table) {
        return new Root.Objects(table, objects.freeMap(), objects.deferred());
    }

    private void encodeShard(long block, ByteBuffer page) {
        ShardState shard = core.shards.get((int) block);
        if (shard == null) {
            ShardState.encodeNone(page);
        } else {
            shard.encode(page);
        }
    }

    private void freeMap() {
        new HeldList(core, cp).schedule(runner);
        runner.then(() -> runner.add(new FreeMapWork(core, (image, deferred) -> {
            objects = new Root.Objects(objects.shardTable(), image, deferred);
            flush();
        })));
    }

    /** FLUSH: C1. */
    private void flush() {
        Checks.that(stage == Stage.TABLES, "the flush comes after everything else", cp);
        stage = Stage.FLUSH;
        if (Mutant.on("store.root-before-flush")) {
            core.staging.drain(this::root);
            return;
        }
        core.staging.drain(this::flushAll);
        core.twin().sent(cp);
    }

    private void flushAll() {
        core.array.flush(
                core.loop,
                (token, outcome) -> {
                    switch (outcome) {
                        case OK -> root();
                        case MEMBER_LOST -> {
                            Marks.reached("store.flush-lost-member");
                            core.trouble.memberLost();
                            root();
                        }
                        case NO_SPACE, FAILED -> core.trouble.failed("a flush failed on the last device");
                    }
                },
                0);
    }

    /** ROOT: a member lost since is named by the root's generation. */
    private void root() {
        Checks.that(stage == Stage.FLUSH, "the root comes after the flush (C1)", cp);
        stage = Stage.ROOT;
        if (Mutant.on("store.covered-before-root")) {
            for (int i = 0; i < lanes.size(); i++) {
                long covered = frozen[i].releaseEntry();
                lanes.get(i).tell(lane -> lane.logged(covered));
            }
        }
        roots.whenSettled(() -> {
            if (host.isOver()) {
                return;
            }
            Root root = host.makeRoot(cp, objects, releases());
            if (Mutant.on("twin.root-before-local")) {
                core.twin().durable(root);
            }
            roots.write(root, () -> retire(root));
        });
    }

    /** RETIRE: C2. */
    private void retire(Root root) {
        Checks.that(
                stage == Stage.ROOT && roots.newest().number().cp() == cp, "only a durable root is installed (C2)", cp);
        stage = Stage.RETIRE;
        core.twin().durable(root);
        host.retired(root, releases(), this::install);
    }

    private void install() {
        Checks.that(stage == Stage.RETIRE, "log memory is let go once the root is durable (C2)", cp);
        for (int i = 0; i < lanes.size(); i++) {
            Installed installed = new Installed(
                    cp,
                    installedShards(frozen[i]),
                    frozen[i].releaseEntry(),
                    lanes.get(i).nodes());
            lanes.get(i).tell(lane -> lane.install(installed));
        }
    }

    private List<InstalledShard> installedShards(FrozenLane lane) {
        List<InstalledShard> installed = new ArrayList<>();
        for (FrozenShard change : lane.shards()) {
            ShardState shard = core.shards.get(change.meta().id());
            if (shard == null) {
                installed.add(new InstalledShard(change.meta().id(), ObjectRoot.EMPTY, 0, true));
            } else {
                boolean deleted = shard.life == ShardState.Life.DELETING;
                installed.add(new InstalledShard(shard.id(), shard.tree, shard.snapshots.newestCp(), deleted));
            }
        }
        return installed;
    }

    /** A lane has installed the root. */
    public void installed(long installedCp) {
        Checks.that(stage == Stage.RETIRE && installedCp == cp, "a lane installs the root just made", installedCp, cp);
        if (++answers == lanes.size()) {
            stage = Stage.DONE;
            host.ended(waiters);
        }
    }

    private long[] releases() {
        long[] release = new long[frozen.length];
        for (int i = 0; i < frozen.length; i++) {
            release[i] = frozen[i].releaseEntry();
        }
        return release;
    }
}
