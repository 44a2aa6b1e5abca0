package dev.holdfast.sim.workload;

import dev.holdfast.io.Disk;
import dev.holdfast.sim.random.SimRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * What a {@link MemoryVolume} keeps, durable and not: the naive model of a disk with a write cache. It survives crashes
 * as the promises say, or as its {@link Bug} has it.
 */
public final class MemoryImage {
    private static final int BLOCK_BYTES = Disk.BLOCK_BYTES;
    private static final byte[] ZEROES = new byte[BLOCK_BYTES];

    private final Bug bug;
    private final SimRandom random;
    private final List<Update> pending = new ArrayList<>();
    private TreeMap<Long, byte[]> durable = new TreeMap<>();
    private TreeMap<Long, byte[]> beforeLastFlush = new TreeMap<>();
    private TreeMap<Long, byte[]> current = new TreeMap<>();
    private int acknowledged;
    private int uncovered;

    /** Blocks that one request replaced. */
    private record Update(TreeMap<Long, byte[]> blocks) {}

    /** Empty, with {@code bug}. */
    public MemoryImage(Bug bug, SimRandom random) {
        this.bug = bug;
        this.random = random;
    }

    /** The same bytes, to go on by themselves. */
    MemoryImage copy() {
        MemoryImage copy = new MemoryImage(bug, new SimRandom(random.nextLong()));
        copy.pending.addAll(pending);
        copy.durable = new TreeMap<>(durable);
        copy.beforeLastFlush = new TreeMap<>(beforeLastFlush);
        copy.current = new TreeMap<>(current);
        copy.acknowledged = acknowledged;
        copy.uncovered = uncovered;
        return copy;
    }

    Bug bug() {
        return bug;
    }

    SimRandom random() {
        return random;
    }

    byte[] block(long block) {
        return current.getOrDefault(block, ZEROES);
    }

    List<Long> writtenBlocks(long first, long last) {
        return List.copyOf(current.subMap(first, true, last, true).keySet());
    }

    boolean isAllocated(long block) {
        return current.containsKey(block) && !Arrays.equals(block(block), ZEROES);
    }

    byte[] olderBlock(long block) {
        return durable.getOrDefault(block, ZEROES);
    }

    /** Makes a change visible; it has a number from then on. */
    int change(TreeMap<Long, byte[]> blocks) {
        pending.add(new Update(blocks));
        current.putAll(blocks);
        return pending.size();
    }

    void acknowledge(int number) {
        acknowledged = Math.max(acknowledged, number);
    }

    int acknowledged() {
        return acknowledged;
    }

    void flush(int until) {
        int covered = Math.min(until, pending.size());
        int first = bug == Bug.FLUSH_FORGETS_BEFORE_DEATH ? Math.min(uncovered, covered) : 0;
        beforeLastFlush = new TreeMap<>(durable);
        for (int at = first; at < covered; at++) {
            durable.putAll(pending.get(at).blocks);
            pending.set(at, new Update(new TreeMap<>()));
        }
    }

    /** The process died; everything acknowledged stays, and perhaps some of what was not. */
    public void processDied() {
        int kept = (int) random.between(acknowledged, pending.size());
        if (bug == Bug.FORGETS_AT_DEATH) {
            kept = Math.max(0, acknowledged - 1 - random.below(3));
        }
        replay(kept);
        uncovered = pending.size();
    }

    /** The power went; of what was not flushed some prefix stays. */
    public void powerCut() {
        TreeMap<Long, byte[]> base = new TreeMap<>(durable);
        if (bug == Bug.REVIVES_OLD_VERSION) {
            durable.keySet().forEach(block -> base.put(block, beforeLastFlush.getOrDefault(block, ZEROES)));
        }
        durable = base;
        if (bug == Bug.LOSES_OUT_OF_ORDER) {
            loseEachBlockAlone();
        } else {
            replay(random.below(pending.size() + 1));
            current.forEach(this::settle);
        }
        pending.clear();
        current = new TreeMap<>(durable);
        acknowledged = 0;
        uncovered = 0;
    }

    /** Undoes a change that a crash left in doubt, although it may have been seen. */
    void takeBack() {
        if (!pending.isEmpty()) {
            replay(pending.size() - 1);
        }
    }

    private void settle(long block, byte[] content) {
        byte[] old = olderBlock(block);
        byte[] settled = content.clone();
        if (bug == Bug.TEARS_BLOCKS && random.oneIn(4)) {
            System.arraycopy(old, BLOCK_BYTES / 2, settled, BLOCK_BYTES / 2, BLOCK_BYTES / 2);
        }
        durable.put(block, settled);
    }

    private void loseEachBlockAlone() {
        TreeMap<Long, Integer> kept = new TreeMap<>();
        for (int at = 0; at < pending.size(); at++) {
            for (var entry : pending.get(at).blocks.entrySet()) {
                int until = kept.computeIfAbsent(entry.getKey(), block -> random.below(pending.size() + 1));
                if (at < until) {
                    durable.put(entry.getKey(), entry.getValue());
                }
            }
        }
    }

    private void replay(int count) {
        pending.subList(count, pending.size()).clear();
        acknowledged = Math.min(acknowledged, count);
        current = new TreeMap<>(durable);
        pending.forEach(update -> current.putAll(update.blocks));
    }
}
