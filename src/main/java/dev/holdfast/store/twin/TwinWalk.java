package dev.holdfast.store.twin;

import dev.holdfast.array.BlockRead;
import dev.holdfast.base.Checks;
import dev.holdfast.base.LongList;
import dev.holdfast.base.Marks;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.ShardState;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.root.SnapshotTable;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeWalk;
import dev.holdfast.store.verify.BlockSet;
import dev.holdfast.store.work.Core;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Sends everything that a root reaches and that was born after another consistency point, each block once, read from
 * the array and verified (T4). It compares nothing: what is older is passed over with all beneath it. The root's blocks
 * are held, so consistency points may go on beside it.
 *
 * <p>It does not send what no copy of can be read: that is unreadable at the twin as it is here.
 */
final class TwinWalk {
    /** More than that is not queued. */
    static final long MOST_QUEUED_BYTES = 4L << 20;

    private static final int BATCH = 512;
    private static final int BLOCK = TwinFrames.BLOCK_BYTES;

    /** Where blocks go. */
    interface Sink {
        /** False: {@link TwinWalk#goOn} is called when there is. */
        boolean hasRoom();

        /** Takes verified blocks; the bytes are valid in this call. */
        void blocks(long address, ByteBuffer blocks);

        /** All of consistency point {@code cp} went out. */
        void done(long cp);
    }

    private enum Kind {
        /** Nothing is read into its blocks. */
        PLAIN,
        /** Its blocks name shards. */
        SHARDS,
        /** Its blocks name snapshots. */
        SNAPSHOTS
    }

    private record Tree(TreeWalk walk, Kind kind) {}

    private static final class Item {
        final PointerSlot pointer = new PointerSlot();
        long ticket;
        Tree tree = new Tree(new TreeWalk(ObjectRoot.EMPTY), Kind.PLAIN);
        int at;
        boolean good;
    }

    private final Core core;
    private final Sink sink;
    private final ByteBuffer bytes = BlockBuffer.allocate(BATCH * BLOCK);
    private final Item[] items = new Item[BATCH];
    private final BlockRead[] reads = new BlockRead[BATCH];
    private final ArrayDeque<Tree> trees = new ArrayDeque<>();
    private BlockSet seen = new BlockSet(1);
    private final LongList firsts = new LongList();
    private int count;
    private int underWay;
    private boolean running;
    private boolean stale;
    private boolean waitsForRoom;
    private long cp;
    private long since;
    private long blocks;
    private long unreadable;

    TwinWalk(Core core, Sink sink) {
        this.core = core;
        this.sink = sink;
    }

    /** Blocks sent. */
    long blocks() {
        return blocks;
    }

    /** Blocks that could not be read. */
    long unreadable() {
        return unreadable;
    }

    void start(Root target, long sinceCp) {
        Checks.that(!running, "one walk at a time", cp);
        running = true;
        waitsForRoom = false;
        cp = target.number().cp();
        since = sinceCp;
        seen = new BlockSet(core.dataBlocks());
        trees.clear();
        add(target.objects().shardTable(), Kind.SHARDS);
        add(target.objects().freeMap(), Kind.PLAIN);
        add(target.objects().deferred(), Kind.PLAIN);
        add(target.twin().held().object(), Kind.PLAIN);
        if (underWay > 0) {
            stale = true;
        } else {
            core.loop.post(this::batch);
        }
    }

    /** Ends it without telling. Reads under way end by themselves. */
    void stop() {
        running = false;
        stale = underWay > 0;
        trees.clear();
        seen = new BlockSet(1);
    }

    /** There may be room again. */
    void goOn() {
        if (waitsForRoom) {
            waitsForRoom = false;
            core.loop.post(this::batch);
        }
    }

    private void add(ObjectRoot object, Kind kind) {
        Checks.that(
                object.root().birth() <= cp,
                "a root reaches nothing of the future",
                object.root().birth(),
                cp);
        if (object.root().birth() > since) {
            trees.addLast(new Tree(new TreeWalk(object), kind));
        }
    }

    /** Gathers pointers, reads what they name, and goes on when all of that is there. */
    private void batch() {
        if (!running || underWay > 0 || waitsForRoom) {
            return;
        }
        if (!sink.hasRoom()) {
            waitsForRoom = true;
            return;
        }
        gather();
        if (count == 0) {
            Checks.that(trees.isEmpty(), "a walk ends when nothing is left", trees.size());
            running = false;
            seen = new BlockSet(1);
            sink.done(cp);
            return;
        }
        Arrays.sort(items, 0, count, Comparator.comparingLong(item -> item.pointer.address()));
        read();
    }

    private void gather() {
        Checks.that(running && underWay == 0, "nothing of the last batch is under way", underWay);
        count = 0;
        while (count < BATCH && !trees.isEmpty()) {
            Tree tree = trees.getFirst();
            Item item = item(count);
            long ticket = tree.walk.next(item.pointer);
            if (ticket >= 0) {
                if (isWanted(item.pointer)) {
                    item.ticket = ticket;
                    item.tree = tree;
                    count++;
                } else if (TreeWalk.level(ticket) > 0) {
                    tree.walk.skip(ticket);
                }
            } else if (tree.walk.done()) {
                trees.removeFirst();
            } else {
                return;
            }
        }
    }

    private boolean isWanted(PointerSlot pointer) {
        return pointer.isPresent() && pointer.birth() > since && seen.add(pointer.address());
    }

    private Item item(int index) {
        Item item = items[index];
        if (item == null) {
            item = new Item();
            items[index] = item;
        }
        return item;
    }

    /** Runs of addresses in a row, a read each. */
    private void read() {
        Checks.that(count > 0 && count <= BATCH, "a batch", count);
        firsts.clear();
        int first = 0;
        for (int i = 1; i <= count; i++) {
            boolean follows = i < count
                    && items[i].pointer.address() == items[i - 1].pointer.address() + 1
                    && i - first < BlockRead.MAX_BLOCKS;
            if (!follows) {
                firsts.add(first);
                first = i;
            }
        }
        underWay = firsts.size();
        for (int run = 0; run < firsts.size(); run++) {
            int from = (int) firsts.get(run);
            int end = run + 1 < firsts.size() ? (int) firsts.get(run + 1) : count;
            BlockRead read = reads[run];
            if (read == null) {
                read = new BlockRead(bytes.duplicate(), core.loop, this::ended);
                reads[run] = read;
            }
            read.address = items[from].pointer.address();
            read.blocks = end - from;
            read.into.clear().position(from * BLOCK).limit(end * BLOCK);
            read.cookie = from;
            for (int i = from; i < end; i++) {
                items[i].at = i * BLOCK;
                read.checksums[i - from] = items[i].pointer.checksum();
            }
            core.array.read(read);
        }
    }

    private void ended(BlockRead read) {
        Checks.that(underWay > 0, "a read was under way", underWay);
        int from = (int) read.cookie;
        for (int i = 0; i < read.blocks; i++) {
            items[from + i].good = (read.bad >>> i & 1) == 0;
        }
        if (--underWay == 0) {
            if (!stale && running) {
                use();
            }
            stale = false;
            batch();
        }
    }

    private void use() {
        Checks.that(underWay == 0, "all of the batch is here", underWay);
        send();
        for (int i = 0; i < count; i++) {
            Item item = items[i];
            boolean isNode = TreeWalk.level(item.ticket) > 0;
            if (!item.good) {
                Marks.reached("twin.unreadable");
                unreadable++;
                if (isNode) {
                    item.tree.walk.skip(item.ticket);
                }
            } else if (isNode) {
                item.tree.walk.node(item.ticket, bytes, item.at);
            } else {
                look(item);
            }
        }
    }

    private void send() {
        int first = 0;
        Checks.that(count > 0, "something was read", count);
        for (int i = 0; i < count; i++) {
            boolean ends = i + 1 == count
                    || !items[i + 1].good
                    || items[i + 1].pointer.address() != items[i].pointer.address() + 1;
            if (!items[i].good) {
                first = i + 1;
            } else if (ends) {
                blocks += i + 1 - first;
                sink.blocks(
                        items[first].pointer.address(),
                        bytes.clear().position(first * BLOCK).limit((i + 1) * BLOCK));
                first = i + 1;
            }
        }
        bytes.clear();
    }

    /** What the block of a table names is walked too. */
    private void look(Item item) {
        switch (item.tree.kind) {
            case PLAIN -> {}
            case SHARDS -> {
                if (ShardState.isPresent(bytes, item.at)) {
                    ShardState shard = ShardState.decode(bytes, item.at);
                    add(shard.tree, Kind.PLAIN);
                    add(shard.snapshots.object(), Kind.SNAPSHOTS);
                    add(shard.liveDead.object(), Kind.PLAIN);
                }
            }
            case SNAPSHOTS -> {
                for (int i = 0; i < SnapshotTable.PER_BLOCK; i++) {
                    SnapshotRecord record = SnapshotRecord.decode(bytes, item.at + i * SnapshotRecord.BYTES);
                    if (record.id() != 0) {
                        add(record.tree(), Kind.PLAIN);
                        add(record.dead().object(), Kind.PLAIN);
                    }
                }
            }
        }
    }
}
