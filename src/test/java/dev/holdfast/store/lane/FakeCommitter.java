package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.cache.DirtyKind;
import dev.holdfast.store.cache.DirtyMap;
import dev.holdfast.store.cache.NewNodes;
import dev.holdfast.store.read.LostBlock;
import dev.holdfast.store.tree.Lookup;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PagePool;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeReader;
import dev.holdfast.store.tree.TreeUpdate;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * A committer on a loop of its own that keeps everything in memory: group commits after a while, consistency points
 * into trees on a {@link MemoryArray}. Addresses are used again as early as the store may, so that stale reads show.
 */
final class FakeCommitter implements CommitterPort {
    private final SimWorld world;
    private final Loop loop;
    private final Loop laneLoop;
    private final MemoryArray array;
    private final PagePool pages = new PagePool(1 << 16);
    private final ByteBuffer page = ByteBuffer.allocateDirect(4096).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer zeroes = ByteBuffer.allocateDirect(4096);
    private final NewNodes nodes = new NewNodes(100);
    private final List<Long> free = new ArrayList<>();
    private final TreeMap<Long, List<Long>> deferred = new TreeMap<>();
    private long nextAddress = 1;
    private long cp;
    private boolean running;
    private boolean wanted;
    LanePort lane;

    final TreeMap<Integer, ObjectRoot> trees = new TreeMap<>();
    final TreeMap<Integer, ShardMeta> metas = new TreeMap<>();
    final TreeMap<Integer, Long> newestSnapshot = new TreeMap<>();
    final TreeMap<Long, ObjectRoot> snapshots = new TreeMap<>();
    final TreeMap<Long, Long> snapshotSizes = new TreeMap<>();
    final TreeMap<Integer, Long> appliedSeqs = new TreeMap<>();
    final List<EpochStart> epochs = new ArrayList<>();
    final List<String> reasons = new ArrayList<>();
    final List<Long> unreadable = new ArrayList<>();
    final List<Long> repairs = new ArrayList<>();
    long grant = Long.MAX_VALUE / 2;
    long slowestCheckpointNanos = 3_000_000;
    long slowestCommitNanos = 300_000;
    long commits;
    long loggedByCommits;
    boolean holdCommits;
    int spareFrames;

    FakeCommitter(SimWorld world, Loop loop, Loop laneLoop, MemoryArray array) {
        this.world = world;
        this.loop = loop;
        this.laneLoop = laneLoop;
        this.array = array;
    }

    long checkpoints() {
        return cp;
    }

    boolean isRunning() {
        return running || wanted;
    }

    @Override
    public void commitWanted(int index, long entry) {
        commits++;
        if (holdCommits) {
            return;
        }
        loop.post(() -> loop.after(
                world.random().below(slowestCommitNanos),
                () -> laneLoop.post(() -> {
                    loggedByCommits = Math.max(loggedByCommits, entry);
                    lane.logged(entry);
                })));
    }

    @Override
    public void cacheWanted(int index) {
        int more = Math.min(spareFrames, 1024);
        spareFrames -= more;
        if (more > 0) {
            loop.post(() -> laneLoop.post(() -> lane.cacheGrant(more)));
        }
    }

    @Override
    public void checkpointWanted(String why) {
        reasons.add(why);
        loop.post(this::begin);
    }

    @Override
    public void frozen(int index, FrozenLane frozen) {
        loop.post(() -> loop.after(world.random().below(slowestCheckpointNanos), () -> write(frozen)));
    }

    @Override
    public void installed(int index, long installedCp) {
        loop.post(() -> {
            Checks.that(running && installedCp == cp, "the root just made is installed", installedCp, cp);
            running = false;
            free.addAll(deferred.getOrDefault(cp - 1, List.of()));
            deferred.remove(cp - 1);
            laneLoop.post(() -> lane.grant(grant));
            if (wanted) {
                begin();
            }
        });
    }

    @Override
    public void repairWanted(long address, long birth, int checksum, long wrongCopies) {
        repairs.add(address);
    }

    @Override
    public void blockUnreadable(int shard, long block) {
        unreadable.add(block);
    }

    @Override
    public void mendable(LostBlock lost, ByteBuffer bytes) {}

    private void begin() {
        wanted = running;
        if (!running) {
            running = true;
            cp++;
            long number = cp;
            laneLoop.post(() -> lane.freeze(number));
        }
    }

    private void write(FrozenLane frozen) {
        deferred.put(cp, new ArrayList<>());
        nodes.clear();
        List<InstalledShard> installed = new ArrayList<>();
        for (FrozenShard shard : frozen.shards()) {
            installed.add(write(shard));
        }
        loop.after(
                world.random().below(slowestCheckpointNanos),
                () -> laneLoop.post(() -> lane.install(new Installed(cp, installed, frozen.releaseEntry(), nodes))));
    }

    private InstalledShard write(FrozenShard frozen) {
        int id = frozen.meta().id();
        Checks.that(frozen.appliedSeq() > appliedSeqs.getOrDefault(id, 0L), "changes go on", frozen.appliedSeq());
        appliedSeqs.put(id, frozen.appliedSeq());
        epochs.addAll(frozen.epochs());
        metas.put(id, frozen.meta());
        ObjectRoot tree = trees.getOrDefault(id, ObjectRoot.EMPTY);
        if (frozen.changes().isPresent()) {
            tree = update(id, tree, frozen.meta(), frozen.changes().get());
        }
        trees.put(id, tree);
        boolean deleted = false;
        for (ControlEntry entry : frozen.control()) {
            if (entry instanceof ControlEntry.Snapshot marker) {
                Checks.that(entry == frozen.control().getLast(), "a marker comes last");
                snapshots.put(marker.snapshotId(), tree);
                snapshotSizes.put(marker.snapshotId(), frozen.meta().sizeBytes());
                newestSnapshot.put(id, cp);
            }
            deleted |= entry instanceof ControlEntry.Delete;
        }
        return new InstalledShard(id, tree, newestSnapshot.getOrDefault(id, 0L), deleted);
    }

    private ObjectRoot update(int id, ObjectRoot old, ShardMeta meta, DirtyMap changes) {
        TreeUpdate update = new TreeUpdate(old, cp, array, pages, (address, birth, node) -> {
            nodes.replaces(address, birth);
            freed(id, address, birth);
        });
        update.resize(Math.max(old.blocks(), (meta.sizeBytes() + 4095) / 4096));
        for (int i = 0; i < changes.zeroRanges(); i++) {
            update.hole(changes.zeroFirst(i), changes.zeroEnd(i) - changes.zeroFirst(i));
        }
        for (int i = 0; i < changes.size(); i++) {
            Checks.that(i == 0 || changes.block(i) > changes.block(i - 1), "blocks ascend", i);
            apply(update, old, changes, i);
        }
        update.finish(this::allocate, (address, bytes, at) -> {
            array.put(address, bytes, at);
            nodes.add(address, bytes, at);
        });
        while (!update.step(7)) {
            Checks.that(true, "nodes are written in slices");
        }
        return update.result();
    }

    private void apply(TreeUpdate update, ObjectRoot old, DirtyMap changes, int index) {
        long block = changes.block(index);
        DirtyKind kind = changes.kind(index);
        if (kind == DirtyKind.ZERO) {
            update.hole(block, 1);
            return;
        }
        if (kind == DirtyKind.UNREADABLE || kind == DirtyKind.PARTIAL && !loadBase(old, block)) {
            update.unreadable(block);
            return;
        }
        changes.copyInto(index, page, 0);
        long address = allocate();
        int checksum = array.put(address, page, 0);
        update.put(block, address, checksum);
        changes.stored(index, address, checksum);
    }

    private boolean loadBase(ObjectRoot old, long block) {
        PointerSlot slot = new PointerSlot();
        Lookup found = TreeReader.find(old, block, array, slot);
        page.put(0, found == Lookup.FOUND ? array.bytes(slot.address()) : zeroes, 0, 4096);
        return found != Lookup.UNREADABLE && !array.rotten.contains(slot.address());
    }

    private long allocate() {
        return free.isEmpty() ? nextAddress++ : free.removeLast();
    }

    private void freed(int id, long address, long birth) {
        if (birth > newestSnapshot.getOrDefault(id, 0L)) {
            deferred.get(cp).add(address);
        }
    }
}
