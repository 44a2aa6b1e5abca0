package dev.holdfast.store.lane;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Status;
import dev.holdfast.io.Loop;
import dev.holdfast.store.cache.BlockCache;
import dev.holdfast.store.cache.MergePages;
import dev.holdfast.store.log.Entry;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.LogView;
import dev.holdfast.store.log.MemoryLog;
import dev.holdfast.store.log.ReplayEntry;
import dev.holdfast.store.read.LostBlock;
import dev.holdfast.store.read.OtherCopies;
import dev.holdfast.store.read.ReadPath;
import dev.holdfast.store.read.SnapshotView;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A pool's part on one shard loop: the memory log, the block cache and the shards that live there. It writes nothing to
 * the array and decides on no consistency point; the committer does ({@link CommitterPort}).
 *
 * <p>Life: shards are {@link #open}ed from a root, what was found in the logs is {@link #replay}ed, a consistency point
 * makes that durable, then the lane {@link #serve}s. Every call on its loop.
 */
public final class Lane implements LanePort {
    private static final int MOST_PAGES = 1 << 20;
    private static final double KEPT_FRACTION = 0.5;
    private static final long DRAIN_LOOK_NANOS = 1_000_000L;

    private final int index;
    private final Loop loop;
    private final CommitterPort committer;
    private final MergePages pages = new MergePages(MOST_PAGES);
    private final LaneStatistics statistics = new LaneStatistics();
    private final BlockCache cache;
    private final ReadPath reads;
    private final Triggers triggers;
    private final Admission admission;
    private final Durability durability;
    private final Installer installer;
    private final TreeMap<Integer, Shard> shards = new TreeMap<>();
    private @Nullable MemoryLog log;
    private @Nullable LogView logView;
    private boolean retired;
    private ByteBuffer slots = MemoryLog.noPayload();

    /** Lane {@code index} of a pool, on {@code loop}; it takes no change before {@link #serve}. */
    public Lane(int index, Loop loop, Array array, CommitterPort committer, LaneBudget budget) {
        this.index = index;
        this.loop = loop;
        this.committer = committer;
        this.cache = new BlockCache(budget.cacheFrames());
        this.reads = new ReadPath(cache, array, loop, committer, this::askOthers, () -> committer.cacheWanted(index));
        this.triggers = new Triggers(loop, committer, budget.oldestNanos());
        this.admission = new Admission(loop, pages, budget, triggers);
        this.durability = new Durability(index, loop, committer);
        this.installer = new Installer(loop, cache, reads::cacheIsFull);
    }

    /** The shard as a root has it; it serves reads at once. */
    public Shard open(ShardOpening opening) {
        return open(opening, opening.meta().mirrored() ? Gate.CLOSED : Gate.OPEN);
    }

    /** The same, with a gate of its own. */
    public Shard open(ShardOpening opening, Gate gate) {
        int id = opening.meta().id();
        Checks.that(!shards.containsKey(id), "a shard is opened once", id);
        ShardChanges changes = new ShardChanges(opening.meta(), opening.tree(), pages, slots);
        Shard shard = new Shard(this, opening, gate, changes);
        if (shard.replica().isPresent()) {
            admission.keepForRewinds();
        }
        shards.put(id, shard);
        return shard;
    }

    /**
     * Applies a change that was found in the logs; changes of a shard come in order. Before {@link #serve}.
     *
     * @return false if the shard is mirrored and this belongs to its tail: nothing has happened, the change is to be in
     *     the log that the lane serves with
     */
    public boolean replay(ReplayEntry entry) {
        Checks.that(log == null, "nothing is replayed while changes come", entry.shard());
        if (entry.kind() == EntryKind.CREATE_SHARD && !shards.containsKey(entry.shard())) {
            ShardMeta meta = ControlChange.meta(entry.shard(), entry.flags(), entry.length(), entry.payload());
            open(new ShardOpening(meta, 0, 0, ObjectRoot.EMPTY));
        }
        Shard shard = existing(entry.shard());
        if (shard.replica().isPresent() && entry.kind() != EntryKind.CREATE_SHARD) {
            return false;
        }
        shard.replay(entry);
        return true;
    }

    /**
     * Takes changes from now on and holds them in {@code memoryLog}. That is empty but for the tails of mirrored
     * shards, which are in the ring too; they are held again, behind the gate. Every other shard begins a new epoch.
     */
    public void serve(MemoryLog memoryLog) {
        Checks.that(log == null && memoryLog.released() == 0, "a lane begins with a log of its own");
        log = memoryLog;
        useRegion(memoryLog);
        for (long entry = 0; entry < memoryLog.published(); entry++) {
            existing(Entry.shard(logView().descriptors(), logView().at(entry)))
                    .path()
                    .holdTail(entry);
        }
        durability.rooted(memoryLog.published());
        shards.values().forEach(shard -> shard.path().startEpoch());
        admission.serve(memoryLog);
    }

    /**
     * The memory log goes on in another region, because the old one lost its name; the old one stays mapped.
     *
     * @return a way for another loop to read entries there
     */
    public LogView moveMemory(ByteBuffer newRegion) {
        MemoryLog moved = log();
        moved.moveTo(newRegion);
        useRegion(moved);
        return moved.view();
    }

    /** The live shard of that id. */
    public Optional<Shard> shard(int id) {
        Shard shard = shards.get(id);
        return shard == null || shard.isDeleted() ? Optional.empty() : Optional.of(shard);
    }

    /** A disk of what a snapshot of {@code shard} has. */
    public BlockVolume openSnapshot(int shard, ObjectRoot tree, long sizeBytes) {
        return new SnapshotView(loop, reads, shard, tree, sizeBytes);
    }

    /** Makes an empty shard; repeating it is no error. INVALID if the shard was deleted: ids are not reused. */
    public void createShard(ShardMeta meta, ControlDone done) {
        Shard present = shards.get(meta.id());
        if (present == null && admission.refusal() != Status.OK) {
            done.done(admission.refusal());
        } else if (present == null) {
            Shard shard = open(new ShardOpening(meta, 1, 0, ObjectRoot.EMPTY));
            shard.control(ControlChange.create(meta, done));
        } else if (present.isDeleted()) {
            done.done(Status.INVALID);
        } else {
            durability.await(done, log().published());
        }
    }

    /** Ends a shard with all its snapshots; one that is not there is no error. */
    public void deleteShard(int id, ControlDone done) {
        Optional<Shard> shard = shard(id);
        if (shard.isPresent()) {
            shard.get().control(ControlChange.delete(done));
        } else {
            durability.await(done, log().published());
        }
    }

    /** Gives a shard another size; what is cut off is gone. */
    public void resizeShard(int id, long sizeBytes, ControlDone done) {
        Checks.that(sizeBytes >= 0, "a size is not negative", sizeBytes);
        change(id, ControlChange.resize(sizeBytes, done));
    }

    /** Keeps what the shard is now as a snapshot or pin; done when a root has it. */
    public void createSnapshot(int id, long snapshotId, boolean pin, String name, ControlDone done) {
        change(id, ControlChange.snapshot(snapshotId, pin, name, done));
    }

    /** Lets a snapshot or pin go; one that is not there is no error. */
    public void deleteSnapshot(int id, long snapshotId, ControlDone done) {
        change(id, ControlChange.deleteSnapshot(snapshotId, done));
    }

    /** Whether some change waits for a freeze. */
    public boolean hasChanges() {
        return shards.values().stream().anyMatch(shard -> !shard.changes().isClean());
    }

    /** What was counted so far; belongs to this loop, take a copy for another. */
    public LaneStatistics statistics() {
        statistics.reads = reads.reads();
        statistics.readsAtHand = reads.readsAtHand();
        statistics.bytesRead = reads.bytesRead();
        statistics.readAheads = reads.readAheads();
        statistics.blocksUnreadable = reads.blocksUnreadable();
        statistics.blocksDirty = admission.dirtyBlocks();
        statistics.framesInUse = cache.inUse();
        return statistics;
    }

    /** Takes no new changes; {@code drained} runs when nobody waits for anything but snapshots for their root. */
    public void stop(Runnable drained) {
        if (admission.refusal() == Status.OK) {
            admission.refuse(Status.SHUTDOWN);
        }
        shards.values().forEach(shard -> shard.path().stop());
        lookDrained(drained);
    }

    @Override
    public void logged(long entry) {
        durability.logged(entry);
    }

    @Override
    public void twinned(Runnable reached) {
        durability.twinned(log == null);
        durability.await(
                status -> {
                    if (status == Status.OK) {
                        reached.run();
                    }
                },
                log == null ? 0 : log.published());
    }

    @Override
    public void alone() {
        durability.alone();
    }

    @Override
    public void stopWaiting() {
        durability.stopWaiting();
    }

    @Override
    public void freeze(long cp) {
        List<FrozenShard> frozen = new ArrayList<>();
        long releaseEntry = log == null ? 0 : log.published();
        long left = 0;
        boolean markerLeft = false;
        boolean changesLeft = false;
        boolean isAll = true;
        for (Shard shard : shards.values()) {
            ShardChanges changes = shard.changes();
            Checks.that(!changes.isFrozen(), "one consistency point at a time", cp);
            if (!changes.isClean() && shard.path().mayFreeze()) {
                frozen.add(changes.freeze(shard.path().durable()));
                shard.replica().ifPresent(mirrored -> admission.freezesUncovered());
            }
            shard.path().askForStability();
            isAll &= changes.isClean() && shard.path().isAllVisible();
            long firstLeft = Math.min(changes.firstUnfrozenEntry(), shard.path().firstInvisibleEntry());
            releaseEntry = Math.min(releaseEntry, firstLeft);
            left += changes.unfrozenBlocks();
            changesLeft |= !changes.isClean();
            markerLeft |= shard.path().isSealedStable();
        }
        admission.frozen(admission.dirtyBlocks() - left, left);
        triggers.frozen(usedFraction(), frozen.isEmpty() && !isAll);
        if (markerLeft) {
            triggers.ask("snapshot");
        } else if (changesLeft) {
            triggers.changed(0);
        }
        Checks.that(log == null || releaseEntry >= log.released(), "entries are released in order", releaseEntry);
        if (log != null && Mutant.on("lane.release-at-freeze")) {
            log.release(releaseEntry);
        }
        committer.frozen(index, new FrozenLane(cp, List.copyOf(frozen), releaseEntry, isAll));
    }

    @Override
    public void install(Installed installed) {
        for (InstalledShard root : installed.shards()) {
            Shard shard = existing(root.shardId());
            Segment segment = shard.changes().frozenSegment();
            shard.path().rooted(segment.lastSeq());
            shard.replica().ifPresent(replica -> replica.image().installed(segment));
            installer.add(shard.changes(), root.tree());
        }
        long published = log == null ? 0 : log.published();
        Checks.that(installed.releaseEntry() <= published, "a root covers what was taken", installed.releaseEntry());
        durability.rooted(installed.releaseEntry());
        installer.run(installed.cp(), installed.nodes(), () -> finishInstall(installed));
    }

    @Override
    public void grant(long blocks) {
        admission.grant(blocks);
    }

    @Override
    public void cacheGrant(int frames) {
        reads.grow(frames);
    }

    @Override
    public void hostFull(boolean isFull) {
        admission.hostFull(isFull);
    }

    @Override
    public void pause(boolean paused) {
        admission.pause(paused);
    }

    @Override
    public void retire() {
        retired = true;
    }

    @Override
    public void blocksLost(List<LostBlock> lost) {
        lost.forEach(reads::mend);
    }

    private boolean askOthers(LostBlock lost, OtherCopies.Wanted wanted) {
        Optional<ReplicaShard> mirrored = shard(lost.shard()).flatMap(Shard::replica);
        return mirrored.isPresent() && mirrored.get().others().ask(lost, wanted);
    }

    /** True if every request fails. */
    boolean isRetired() {
        return retired;
    }

    @Override
    public void poolFailed(String why) {
        Checks.that(!why.isEmpty(), "a failure has a reason");
        admission.refuse(Status.READ_ONLY);
        durability.fail();
        shards.values().forEach(shard -> {
            shard.changes().fail();
            shard.path().fail();
        });
    }

    Loop loop() {
        return loop;
    }

    ReadPath reads() {
        return reads;
    }

    Admission admission() {
        return admission;
    }

    Durability durability() {
        return durability;
    }

    MemoryLog log() {
        if (log == null) {
            throw Checks.unreachable("changes come after serve");
        }
        return log;
    }

    LogView logView() {
        if (logView == null) {
            throw Checks.unreachable("changes come after serve");
        }
        return logView;
    }

    /** A change is visible; it made {@code blocks} more blocks dirty. */
    void changed(int blocks) {
        admission.dirtied(blocks);
        triggers.changed(usedFraction());
    }

    /** Sealed changes of a mirrored shard became stable: the next consistency point takes them. */
    void stabilityCame() {
        triggers.mayTake("stable");
    }

    /** A root is wanted soon; {@code why} is a word for people. */
    void rootWanted(String why) {
        triggers.mayTake(why);
    }

    /** A snapshot marker is visible: somebody waits for a root. */
    void markerIsVisible() {
        triggers.ask("snapshot");
    }

    private Shard existing(int id) {
        Shard shard = shards.get(id);
        if (shard == null) {
            throw Checks.unreachable("what the logs and the roots of a lane name is here");
        }
        return shard;
    }

    private void change(int id, ControlChange change) {
        Optional<Shard> shard = shard(id);
        if (shard.isPresent()) {
            shard.get().control(change);
        } else {
            change.done().done(Status.INVALID);
        }
    }

    private void finishInstall(Installed installed) {
        for (InstalledShard root : installed.shards()) {
            if (root.deleted()) {
                shards.remove(root.shardId());
            }
        }
        if (log != null) {
            release(log, installed.releaseEntry());
        }
        triggers.installed();
        admission.installed();
        committer.installed(index, installed.cp());
    }

    /** Lets go what a root covers, but for what other replicas may ask for; that too if it takes half of the room. */
    private void release(MemoryLog memoryLog, long covered) {
        long keptFrom = covered;
        for (Shard shard : shards.values()) {
            keptFrom = Math.min(keptFrom, shard.path().firstKeptEntry());
        }
        memoryLog.release(Math.max(keptFrom, memoryLog.released()));
        if (keptFrom < covered && memoryLog.usedFraction() > KEPT_FRACTION) {
            shards.values().forEach(shard -> shard.path().letGoAll());
            memoryLog.release(covered);
        }
    }

    private void useRegion(MemoryLog memoryLog) {
        logView = memoryLog.view();
        slots = memoryLog.slotBytes();
        shards.values().forEach(shard -> shard.changes().useSlots(slots));
    }

    private double usedFraction() {
        return log == null ? 0 : log.usedFraction();
    }

    private void lookDrained(Runnable drained) {
        boolean idle = reads.isIdle()
                && durability.isIdle()
                && shards.values().stream().allMatch(shard -> shard.path().isIdle());
        if (idle) {
            drained.run();
        } else {
            loop.after(DRAIN_LOOK_NANOS, () -> lookDrained(drained));
        }
    }
}
