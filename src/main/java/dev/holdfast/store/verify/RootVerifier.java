package dev.holdfast.store.verify;

import dev.holdfast.base.Checks;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeVerifier;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.ObjectLoad;
import dev.holdfast.store.work.Runner;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Walks everything one root reaches and says what can't be: S3 for every block, and of S4 that no address is used
 * twice and
 * that of each shard exactly the blocks which snapshots reach and the live tree does not are on its dead lists,
 * once. The free
 * map is {@link PoolVerifier}'s.
 */
public final class RootVerifier {
    private final Core core;
    private final Root root;
    private final Optional<BlockSet> known;
    private final Consumer<String> problems;
    private final TreeMap<Integer, ShardState> shards = new TreeMap<>();

    /** Every address the root reaches. */
    public final BlockSet reach;

    /** Every address held for the twin. */
    public final BlockSet held;

    public long checked;

    /** What {@code known} reaches is not walked again and no data is read then: for the root before the newest. */
    public RootVerifier(Core core, Root root, Optional<BlockSet> known, Consumer<String> problems) {
        this.core = core;
        this.root = root;
        this.known = known;
        this.problems = problems;
        this.reach = new BlockSet(core.dataBlocks());
        this.held = new BlockSet(core.dataBlocks());
    }

    /** Puts the whole of it behind what the runner has to do. */
    public void schedule(Runner runner) {
        table(runner, "shard table", root.objects().shardTable());
        table(runner, "free map", root.objects().freeMap());
        table(runner, "deferred list", root.objects().deferred());
        table(runner, "held list", root.twin().held().object());
        runner.add(new ObjectLoad(core, root.twin().held().object(), this::heldBlocks));
        runner.add(new ObjectLoad(core, root.objects().shardTable(), (block, bytes, at) -> {
            if (ShardState.isPresent(bytes, at)) {
                shards.put((int) block, ShardState.decode(bytes, at));
            }
        }));
        runner.then(() -> shards.values().forEach(shard -> scheduleShard(runner, shard)));
    }

    /** Blocks that nothing here reaches and the twin does: taken in the free map. */
    private void heldBlocks(long block, ByteBuffer bytes, int at) {
        long first = block * SnapshotRecord.DeadList.PER_BLOCK;
        long count =
                Math.min(SnapshotRecord.DeadList.PER_BLOCK, root.twin().held().entries() - first);
        Checks.that(first >= 0, "blocks of a list are numbered from 0", block);
        for (int i = 0; i < count; i++) {
            long address = bytes.getLong(at + i * SnapshotRecord.DeadList.ENTRY_BYTES);
            if (address <= 0 || address >= core.dataBlocks() || !held.add(address)) {
                problems.accept("held list: address " + address + " can't be one, or stands there twice");
            }
        }
    }

    private void scheduleShard(Runner runner, ShardState shard) {
        Checks.that(shard.id() > 0, "shards are numbered from 1", shard.id());
        Sets sets = new Sets(core.dataBlocks());
        String name = "volume " + shard.name();
        table(runner, name + ", snapshot table", shard.snapshots.object());
        runner.add(new ObjectLoad(core, shard.snapshots.object(), shard.snapshots::load));
        runner.add(new VerifyWalk(core, shard.tree, known.isEmpty(), new TreeVisitor(name, sets, true)));
        runner.then(() -> {
            shard.snapshots.loaded();
            for (SnapshotRecord snapshot : shard.snapshots.records()) {
                String title = name + "@" + snapshot.name();
                runner.add(new VerifyWalk(core, snapshot.tree(), known.isEmpty(), new TreeVisitor(title, sets, false)));
            }
            for (SnapshotRecord snapshot : shard.snapshots.records()) {
                deadList(runner, name + "@" + snapshot.name(), snapshot.dead(), sets);
            }
            deadList(runner, name, shard.liveDead, sets);
            runner.then(() -> compareDead(name, sets));
        });
    }

    private void deadList(Runner runner, String title, SnapshotRecord.DeadList list, Sets sets) {
        Checks.that(list.entries() >= 0, "entries are counted", list.entries());
        table(runner, title + ", dead list", list.object());
        runner.add(new ObjectLoad(core, list.object(), (block, bytes, at) -> {
            long first = block * SnapshotRecord.DeadList.PER_BLOCK;
            long count = Math.min(SnapshotRecord.DeadList.PER_BLOCK, list.entries() - first);
            for (int i = 0; i < count; i++) {
                dead(title, bytes, at + i * SnapshotRecord.DeadList.ENTRY_BYTES, sets);
            }
        }));
    }

    private void dead(String title, ByteBuffer bytes, int at, Sets sets) {
        Checks.that(at >= 0, "an entry lies in its block", at);
        long address = bytes.getLong(at);
        if (address <= 0 || address >= core.dataBlocks()) {
            problems.accept(title + ": a dead list names address " + address);
        } else if (!sets.dead.add(address)) {
            problems.accept(title + ": block " + address + " is on two dead lists");
        } else if (known.isEmpty() && (sets.live.contains(address) || !sets.all.contains(address))) {
            problems.accept(title + ": block " + address + " is on a dead list and "
                    + (sets.live.contains(address) ? "the live tree reaches it" : "no snapshot reaches it"));
        }
    }

    private void compareDead(String name, Sets sets) {
        Checks.that(sets.all.size() >= sets.live.size(), "the live tree is part of all", sets.live.size());
        long snapshotsOnly = sets.all.size() - sets.live.size();
        if (known.isEmpty() && sets.dead.size() != snapshotsOnly) {
            problems.accept(
                    name + ": snapshots alone reach " + snapshotsOnly + " blocks, dead lists name " + sets.dead.size());
        }
    }

    /** An object of the pool's own: nobody shares it. */
    private void table(Runner runner, String name, ObjectRoot object) {
        runner.add(new VerifyWalk(core, object, true, new TreeVerifier.Visitor() {
            @Override
            public boolean pointer(PointerSlot pointer, int level, long first) {
                return pointer.isPresent() && reached(name, pointer);
            }

            @Override
            public void problem(String what) {
                problems.accept(name + ": " + what);
            }
        }));
    }

    /** False if what is beneath need not be looked at. */
    private boolean reached(String name, PointerSlot pointer) {
        Checks.that(pointer.isPresent(), "a hole reaches nothing", pointer.address());
        if (pointer.address() >= core.dataBlocks()
                || pointer.birth() > root.number().cp()) {
            problems.accept(name + ": a pointer leads out of the pool or into the future: " + pointer);
            return false;
        }
        checked++;
        if (!reach.add(pointer.address())) {
            problems.accept(name + ": used twice: " + pointer);
            return false;
        }
        return known.isEmpty() || !known.get().contains(pointer.address());
    }

    /** Of one shard. */
    private static final class Sets {
        final BlockSet live;
        final BlockSet all;
        final BlockSet dead;

        Sets(long dataBlocks) {
            live = new BlockSet(dataBlocks);
            all = new BlockSet(dataBlocks);
            dead = new BlockSet(dataBlocks);
        }
    }

    private final class TreeVisitor implements TreeVerifier.Visitor {
        private final String name;
        private final Sets sets;
        private final boolean live;

        TreeVisitor(String name, Sets sets, boolean live) {
            this.name = name;
            this.sets = sets;
            this.live = live;
        }

        @Override
        public boolean pointer(PointerSlot pointer, int level, long first) {
            if (!pointer.isPresent() || sets.all.contains(pointer.address())) {
                if (live && pointer.isPresent()) {
                    problem("used twice: " + pointer);
                }
                return false;
            }
            sets.all.add(pointer.address());
            if (live) {
                sets.live.add(pointer.address());
            }
            return reached(name, pointer);
        }

        @Override
        public void problem(String what) {
            problems.accept(name + ": " + what);
        }
    }
}
