package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Clock;
import dev.holdfast.store.work.StagingWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/** What went wrong in a pool since it was opened, one line for people each, bounded. It decides nothing. */
final class PoolEvents {
    private static final int MOST = 200;
    private static final String MEMBER_LOST = "a device was left behind: the pool goes on without it";
    private static final String HOST_FULL =
            "the file system under a device is full: free space there, writes wait for it";

    private final Clock clock;
    private final TreeMap<String, Long> notes = new TreeMap<>();
    private final TreeMap<Integer, TreeSet<Long>> unreadable = new TreeMap<>();
    private final TreeMap<Integer, Long> healed = new TreeMap<>();
    private Pool.Replayed replayed = new Pool.Replayed(0, "");

    PoolEvents(Clock clock) {
        this.clock = clock;
    }

    void note(String line) {
        Checks.that(!line.isEmpty(), "a note says something");
        if (notes.size() < MOST) {
            notes.putIfAbsent(line, clock.wallMillis());
        }
    }

    /** What opening did. */
    void replayed(Pool.Replayed found) {
        Checks.that(found.changes() >= 0 && replayed.changes() == 0, "a pool is replayed once", found.changes());
        replayed = found;
    }

    Pool.Replayed replayed() {
        return replayed;
    }

    /** What {@code line} said is over. */
    void withdraw(String line) {
        notes.remove(line);
    }

    void memberLost() {
        note(MEMBER_LOST);
    }

    /** No device is behind any more. */
    void allPresent() {
        notes.remove(MEMBER_LOST);
    }

    void hostFull() {
        Marks.reached("store.host-full");
        note(HOST_FULL);
    }

    /** Everything of a consistency point found its place on the devices. */
    void hostHasRoom() {
        notes.remove(HOST_FULL);
    }

    void blockLost(long address) {
        note("no good copy of block " + address + ": what it held reads as an I/O error");
    }

    void blockUnreadable(int shard, long block) {
        Checks.that(shard > 0 && block >= 0, "a block of a shard", shard, block);
        TreeSet<Long> blocks = unreadable.computeIfAbsent(shard, id -> new TreeSet<>());
        if (blocks.size() < MOST && blocks.add(block)) {
            note("volume " + shard + ": 4 KiB at offset " + block * StagingWriter.BLOCK_BYTES + " cannot be read");
        }
    }

    void failed(String why) {
        note("the pool takes no changes: " + why);
    }

    long unreadableBlocks(int shard) {
        TreeSet<Long> blocks = unreadable.get(shard);
        return blocks == null ? 0 : blocks.size();
    }

    /** A block of that shard was written again, with the bytes that another copy had. */
    void healed(int shard) {
        Checks.that(shard > 0, "a block of a shard", shard);
        healed.merge(shard, 1L, Long::sum);
    }

    long healedBlocks(int shard) {
        return healed.getOrDefault(shard, 0L);
    }

    List<String> lines() {
        return new ArrayList<>(notes.keySet());
    }
}
