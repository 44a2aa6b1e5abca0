package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.store.checkpoint.Checkpoint;
import dev.holdfast.store.checkpoint.LaneLink;
import dev.holdfast.store.lane.CommitterPort;
import dev.holdfast.store.lane.FrozenLane;
import dev.holdfast.store.log.RingStart;
import dev.holdfast.store.log.RingWriter;
import dev.holdfast.store.read.LostBlock;
import dev.holdfast.store.root.GenerationKeeper;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.tree.HeldSpace;
import dev.holdfast.store.twin.TwinLink;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.RootWriter;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.StagingWriter;
import dev.holdfast.store.work.Trouble;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * The one who writes to a pool's array: decides when a consistency point runs and what happens when something fails.
 * What a consistency point does is {@link Checkpoint}'s, what a group commit does {@link GroupCommit}'s.
 *
 * <ul>
 *   <li><b>O1</b> At most one consistency point runs; while it does, group commits go on.
 *   <li><b>O2</b> After {@link #failed} nothing is acknowledged any more: lanes are told, nothing is written.
 *   <li><b>O3</b> A grant never promises more than the next consistency point can place (G1).
 * </ul>
 */
final class Committer implements CommitterPort, Trouble, Checkpoint.Host {
    /** Consistency points after which what one of them freed can be allocated. */
    private static final int UNTIL_FREED_IS_FREE = 2;

    /** Below this share of all blocks, what was freed is waited for. */
    private static final int SHORT_SHARE = 8;

    /** What is held for the twin in the normal course of things is less than this share of all blocks. */
    private static final int WORTH_ASKING_SHARE = 32;

    private final Id128 poolId;
    private final Core core;
    private final RootWriter roots;
    private final Runner runner;
    private final Repairs repairs;
    private final Mending mending;
    private final PoolEvents events;
    private final CacheShares cache;
    private final TwinLink twin;
    private final Handover handover;
    private final CheckpointWish wish = new CheckpointWish();
    private final List<LaneLink> lanes = new ArrayList<>();
    private final List<Runnable> stopWaiters = new ArrayList<>();
    private final ArrayDeque<Consumer<Runner>> inquiries = new ArrayDeque<>();
    private Optional<GroupCommit> commits = Optional.empty();
    private Optional<Checkpoint> checkpoint = Optional.empty();
    private Optional<String> failure = Optional.empty();
    private RingStart start;
    private long openCounter;
    private long usedCounter;
    private long wholeSince;
    private List<Long> firstEntries;
    private long nextShardId;
    private boolean clean;
    private boolean lastWasEmpty;
    private boolean lastWasAll;
    private boolean inquiring;
    private boolean over;
    private boolean isShort;
    private boolean isHostFull;
    private int untilFree;

    Committer(Core core, Root root, PoolEvents events, CacheShares cache, GenerationKeeper keeper) {
        this.cache = cache;
        this.poolId = root.poolId();
        this.core = core;
        this.events = events;
        this.roots = new RootWriter(core.array, core.loop, this, root, keeper);
        this.runner = new Runner(core.loop);
        this.repairs = new Repairs(core);
        this.mending = new Mending(this, core, events);
        this.twin = new TwinLink(core, root, new TwinWishes());
        this.handover = new Handover(this, lanes);
        this.openCounter = root.number().openCounter();
        this.usedCounter = root.number().usedCounter();
        this.wholeSince = root.number().wholeSince();
        this.firstEntries = root.log().firstEntries();
        this.nextShardId = root.space().nextShardId();
        this.start = root.ringStart();
    }

    /** The lanes, before anything else; {@code links} in order of lane. */
    void attach(List<LaneLink> links) {
        Checks.that(lanes.isEmpty() && !links.isEmpty(), "lanes are attached once");
        lanes.addAll(links);
    }

    /**
     * An open counter that no log record has yet, and, once the next root is durable, none of a later start will have:
     * records may be written under it before a root opens the pool with it.
     */
    long reserveCounter() {
        Checks.that(commits.isEmpty(), "counters are for starts", usedCounter);
        usedCounter = (Mutant.on("store.reuse-open-counter") ? openCounter : usedCounter) + 1;
        return usedCounter;
    }

    /** Something that an earlier run held is gone: memory is whole since the counter that this start has reserved. */
    void memoryLost() {
        Checks.that(usedCounter > openCounter && commits.isEmpty(), "memory is lost at a start", usedCounter);
        wholeSince = usedCounter;
    }

    /** From the next root on the pool is open once more, and its log goes on at {@code ringStart}. */
    void beginOpen(RingStart ringStart) {
        Checks.that(ringStart.openCounter() == usedCounter, "the open counter was reserved", usedCounter);
        Checks.that(usedCounter > openCounter, "the open counter advances", usedCounter, openCounter);
        openCounter = ringStart.openCounter();
        firstEntries = noEntries(lanes.size());
        start = ringStart;
    }

    /** The pool gets a mirrored shard; {@code then} runs when the ring has room for what that may hold. */
    void keepRoomForTails(Runnable then) {
        if (isOver()) {
            then.run();
        } else {
            commits.orElseThrow().keepRoomForTails();
            checkpoint("mirrored", then);
        }
    }

    /** In the empty memory of so many lanes every entry counts. */
    static List<Long> noEntries(int lanes) {
        return Collections.nCopies(lanes, 0L);
    }

    /** Recovery is over: flushes are served from now on. */
    void serve(RingWriter ring, List<GroupCommit.Written> records) {
        Checks.that(commits.isEmpty() && !isCheckpointRunning(), "a pool begins to serve once, at rest");
        commits = Optional.of(
                new GroupCommit(core, ring, lanes, roots, twin.ring(), () -> checkpointWanted("ring full")));
        commits.get().begin(records);
        if (core.shards.values().stream().anyMatch(shard -> shard.meta.mirrored())) {
            commits.get().keepRoomForTails();
        }
        grant(0);
    }

    /** True if the last consistency point that ended had nothing from any lane. */
    boolean lastCheckpointWasEmpty() {
        return lastWasEmpty;
    }

    /** True if everything that lanes held when the last consistency point began is in its root. */
    boolean lastCheckpointWasAll() {
        return lastWasEmpty && lastWasAll;
    }

    TwinLink twin() {
        return twin;
    }

    /** How the pool ends being the pool. */
    Handover handover() {
        return handover;
    }

    /** What the twin asks for. */
    private final class TwinWishes implements TwinLink.Wishes {
        @Override
        public void checkpoint() {
            checkpointWanted("twin");
        }

        @Override
        public void gotOn() {
            if (isShort && core.freeMap.held().size() > core.dataBlocks() / WORTH_ASKING_SHARE) {
                Marks.reached("store.held-space-is-wanted");
                checkpointWanted("space");
            }
            handover.arrived();
        }

        @Override
        public void handOver() {
            handover.begin();
        }

        @Override
        public void gone() {
            handover.gone();
        }

        @Override
        public void superseded(long newer) {
            handover.superseded(newer);
        }
    }

    RootWriter roots() {
        return roots;
    }

    Core core() {
        return core;
    }

    Optional<String> failure() {
        return failure;
    }

    Optional<GroupCommit> commits() {
        return commits;
    }

    /** True if nothing is written any more: stopped cleanly, or failed. */
    @Override
    public boolean isOver() {
        return over || failure.isPresent();
    }

    /** True if the newest root says that nothing is to be replayed. */
    boolean isClean() {
        return clean;
    }

    boolean isCheckpointRunning() {
        return checkpoint.isPresent();
    }

    @Override
    public void commitWanted(int lane, long entry) {
        core.loop.post(() -> {
            if (isCheckpointRunning()) {
                Marks.reached("store.record-beside-checkpoint");
            }
            commits.ifPresent(all -> all.want(lane, entry));
        });
    }

    @Override
    public void cacheWanted(int lane) {
        core.loop.post(() -> {
            int frames = cache.more(lane);
            if (frames > 0) {
                lanes.get(lane).tell(port -> port.cacheGrant(frames));
            }
        });
    }

    @Override
    public void checkpointWanted(String why) {
        core.loop.post(() -> {
            wish.want(why);
            startCheckpoint();
        });
    }

    /**
     * On the committer's loop: {@code then} runs when a consistency point that begins after this call is
     * installed.
     */
    void checkpoint(String why, Runnable then) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        wish.wantAndThen(why, then);
        startCheckpoint();
    }

    /**
     * On the committer's loop: consistency points until one finds nothing to do, for each takes a shard's changes only
     * up to a marker; then one whose root says that nothing is to be replayed, if {@link #isClean}: mirrored shards may
     * hold what no root may cover yet.
     */
    void cleanCheckpoint(Runnable then) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        checkpoint("stop", () -> {
            if (!lastWasEmpty) {
                cleanCheckpoint(then);
                return;
            }
            clean = lastWasAll;
            checkpoint("stop", () -> {
                over = true;
                then.run();
            });
        });
    }

    @Override
    public void frozen(int lane, FrozenLane frozen) {
        core.loop.post(() -> checkpoint.ifPresent(running -> {
            running.frozen(lane, frozen);
            if (running.stage() != Checkpoint.Stage.FREEZE) {
                lastWasEmpty = running.isEmpty();
                lastWasAll = running.isAll();
                grant(running.frozenBlocks());
            }
        }));
    }

    @Override
    public void installed(int lane, long cp) {
        core.loop.post(() -> checkpoint.ifPresent(running -> running.installed(cp)));
    }

    @Override
    public void repairWanted(long address, long birth, int checksum, long wrongCopies) {
        core.loop.post(() -> repairs.want(address, checksum, wrongCopies));
    }

    @Override
    public void blockUnreadable(int shard, long block) {
        core.loop.post(() -> events.blockUnreadable(shard, block));
    }

    @Override
    public void mendable(LostBlock lost, ByteBuffer bytes) {
        core.loop.post(() -> mending.mend(lost, bytes));
    }

    /** Blocks of a shard that were found lost by somebody who does not wait for them. */
    void blocksLost(int shard, List<LostBlock> lost) {
        if (!lost.isEmpty()) {
            lanes.get(Recovery.laneOf(shard, lanes.size())).tell(port -> port.blocksLost(lost));
        }
    }

    /** For other pools that keep the same shards. */
    Mending mending() {
        return mending;
    }

    /**
     * On the committer's loop: runs {@code inquiry}, which puts works into the runner, between consistency points;
     * none
     * begins before those works are done.
     */
    void between(Consumer<Runner> inquiry) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        inquiries.addLast(inquiry);
        startInquiry();
    }

    private void startInquiry() {
        if (checkpoint.isPresent() || inquiring || inquiries.isEmpty() || failure.isPresent() || over) {
            return;
        }
        inquiring = true;
        inquiries.removeFirst().accept(runner);
        runner.then(() -> {
            inquiring = false;
            core.blocks.trim();
            startCheckpoint();
            startInquiry();
        });
    }

    private void startCheckpoint() {
        if (inquiring || over || handover.holdsCheckpoints()) {
            return;
        }
        if (checkpoint.isPresent() || failure.isPresent() || !wish.isWanted()) {
            return;
        }
        Checkpoint next = new Checkpoint(core, lanes, runner, roots, this, wish.take());
        checkpoint = Optional.of(next);
        repairs.hold(next::begin);
    }

    @Override
    public Root makeRoot(long cp, Root.Objects objects, long[] release) {
        Checks.that(checkpoint.isPresent() && checkpoint.get().cp() == cp, "the root of what runs", cp);
        Root before = roots.newest();
        RingStart from = startFor(release);
        core.shards.keySet().forEach(id -> nextShardId = Math.max(nextShardId, id + 1L));
        return new Root(
                poolId,
                new Root.Number(
                        cp, openCounter, roots.generationNow(), before.number().cp(), usedCounter, wholeSince),
                new Root.LogPoint(from.position(), from.number(), firstEntries(release), clean),
                new Root.Written(core.clock.wallMillis(), core.array.members()),
                objects,
                new Root.Space(core.freeMap.usedBlocks(), nextShardId, core.array.dataBlocks()),
                core.twin().record(heldList()));
    }

    private SnapshotRecord.DeadList heldList() {
        HeldSpace held = core.freeMap.held();
        return new SnapshotRecord.DeadList(held.object(), held.written());
    }

    /** While what was found is made durable, the memory it was found in is still that of the root before. */
    private List<Long> firstEntries(long[] release) {
        return commits.isPresent() ? LongStream.of(release).boxed().toList() : firstEntries;
    }

    private RingStart startFor(long[] release) {
        return commits.map(all -> all.startFor(release)).orElse(start);
    }

    @Override
    public void retired(Root root, long[] release, Runnable then) {
        Checks.that(
                roots.newest().number().cp() == root.number().cp(),
                "what retires is durable",
                root.number().cp());
        core.freeMap.retire();
        core.blocks.trim();
        Runnable letGo = () -> {
            commits.ifPresent(all -> all.covered(root, release));
            then.run();
        };
        commits.ifPresentOrElse(all -> all.whenCovered(release, letGo), letGo);
    }

    @Override
    public void ended(List<Runnable> waiters) {
        Checks.that(checkpoint.isPresent() && !inquiring, "one thing at a time");
        checkpoint = Optional.empty();
        events.hostHasRoom();
        tellHostFull(false);
        repairs.allow();
        if (commits.isPresent()) {
            grant(0);
        }
        waiters.forEach(Runnable::run);
        boolean deleting = core.shards.values().stream().anyMatch(shard -> shard.life == ShardState.Life.DELETING);
        if (deleting) {
            wish.want("delete");
        }
        untilFree = deleting || !lastWasEmpty ? UNTIL_FREED_IS_FREE : untilFree - 1;
        if (isShort && untilFree > 0) {
            Marks.reached("store.waits-for-freed-space");
            wish.want("space");
        }
        startCheckpoint();
        startInquiry();
    }

    /** O3. {@code frozen} blocks are being placed by the running consistency point. */
    private void grant(long frozen) {
        Checks.that(frozen >= 0, "blocks are counted", frozen);
        long total = core.array.dataBlocks();
        long volumes = 0;
        for (ShardState shard : core.shards.values()) {
            volumes += Math.ceilDiv(shard.meta.sizeBytes(), StagingWriter.BLOCK_BYTES);
        }
        long free = core.freeMap.freeBlocks() - SpaceLedger.cost(frozen, volumes);
        long blocks = SpaceLedger.admissible(free, total, volumes) / Math.max(1, lanes.size());
        isShort = blocks * lanes.size() < total / SHORT_SHARE;
        lanes.forEach(link -> link.tell(lane -> lane.grant(blocks)));
    }

    @Override
    public void memberLost() {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        events.memberLost();
        roots.memberLost();
    }

    @Override
    public void hostFull() {
        events.hostFull();
        tellHostFull(true);
    }

    private void tellHostFull(boolean isFull) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        if (isFull != isHostFull) {
            isHostFull = isFull;
            lanes.forEach(link -> link.tell(lane -> lane.hostFull(isFull)));
        }
    }

    @Override
    public void blockLost(long address) {
        events.blockLost(address);
    }

    @Override
    public void copyWrong(long address, int checksum, long copies) {
        repairs.want(address, checksum, copies);
    }

    @Override
    public void failed(String why) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        if (failure.isEmpty()) {
            Marks.reached("store.failed");
            failure = Optional.of(why);
            runner.stop();
            commits.ifPresent(GroupCommit::stop);
            events.failed(why);
            lanes.forEach(link -> link.tell(lane -> lane.poolFailed(why)));
            stopWaiters.forEach(Runnable::run);
        }
    }

    /** Runs {@code task}, perhaps at once, when the pool has failed. */
    void whenFailed(Runnable task) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        if (failure.isPresent()) {
            task.run();
        } else {
            stopWaiters.add(task);
        }
    }

    Loop loop() {
        return core.loop;
    }
}
