package dev.holdfast.sim.oracle;

import dev.holdfast.io.Disk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Judges every block of a volume as a register of its own, with the write cache in mind.
 *
 * <ol>
 *   <li>A read sees the newest version acknowledged before it began, or one that was under way while it ran.
 *   <li>After process death nothing acknowledged is missing; what was under way is there or not, whole per block.
 *   <li>After a power cut a block holds any version from the last flushed to the newest, and no mixture of them.
 *   <li>A flush that succeeds covers everything acknowledged before it began, also before an earlier process death.
 *   <li>What was seen once stays until it is changed, or until a power cut takes it within rule 3.
 *   <li>A change that ended with an error is there or not; a range reported as unallocated reads as zeroes.
 * </ol>
 *
 * <p>It does not check order between blocks ({@link PrefixOracle} does), atomicity over several blocks, nor that a read
 * or write ever succeeds. Of changes to one block that overlap in time it takes any order; of changes that depend on
 * an unknown outcome it forgets which outcome went with which once a later flush made either final.
 */
public final class BlockOracle {
    private static final int BLOCK_BYTES = Disk.BLOCK_BYTES;
    private static final byte[] ZEROES = new byte[BLOCK_BYTES];

    private final TreeMap<Long, BlockHistory> blocks = new TreeMap<>();
    private final TreeSet<Long> volatileBlocks = new TreeSet<>();
    private final TreeMap<Long, Wide> wideUnderWay = new TreeMap<>();
    private long changes;
    private long now;
    private long judged;

    /** A wide change under way, and the histories there were when it began. */
    private record Wide(Change change, List<BlockHistory> histories) {}

    /** A read or extents request under way: what it may see of each block at the least. */
    public static final class Look {
        private final long offset;
        private final long lengthBytes;
        private final List<BlockHistory.Version> floors = new ArrayList<>();

        private Look(long offset, long lengthBytes) {
            this.offset = offset;
            this.lengthBytes = lengthBytes;
        }
    }

    /** The same knowledge, to go on by itself; looks under way are not in it. */
    public BlockOracle copy() {
        BlockOracle copy = new BlockOracle();
        blocks.forEach((block, history) -> copy.blocks.put(block, history.copy()));
        copy.volatileBlocks.addAll(volatileBlocks);
        copy.changes = changes;
        copy.now = now;
        return copy;
    }

    /** Blocks that were looked at and found right. */
    public long judged() {
        return judged;
    }

    /** Every block that was ever changed, ascending. */
    public long[] touchedBlocks() {
        return blocks.keySet().stream().mapToLong(Long::longValue).toArray();
    }

    /** False if a change of this range now would overlap another in a way that is not judged; submit it later. */
    public boolean admits(long offset, long lengthBytes) {
        for (Wide wide : wideUnderWay.values()) {
            if (wide.change.offset() < offset + lengthBytes && wide.change.end() > offset) {
                return false;
            }
        }
        return known(offset, lengthBytes).values().stream().allMatch(history -> history.admits(offset, lengthBytes));
    }

    /** A change of a range that {@link #admits} is submitted. */
    public Change begin(long offset, long lengthBytes, boolean zeroes) {
        Change change = new Change(++changes, offset, lengthBytes, zeroes);
        if (change.isWide()) {
            wideUnderWay.put(
                    change.id(),
                    new Wide(change, List.copyOf(known(offset, lengthBytes).values())));
        } else {
            for (long block = offset / BLOCK_BYTES; block * BLOCK_BYTES < change.end(); block++) {
                history(block);
            }
        }
        known(offset, lengthBytes).forEach((block, history) -> {
            history.begin(change);
            volatileBlocks.add(block);
        });
        return change;
    }

    /** {@code change} ended with OK; with {@code durable} if it was forced to stable storage. */
    public void acknowledged(Change change, boolean durable) {
        now++;
        begunBy(change).forEach(history -> history.acknowledged(now, durable));
    }

    /** {@code change} ended with an error. */
    public void failed(Change change) {
        now++;
        begunBy(change).forEach(history -> history.unknown(now));
    }

    /** A flush is submitted; give the result to {@link #flushed}. */
    public long beginFlush() {
        return ++now;
    }

    /** The flush that began at {@code begun} ended with OK. */
    public void flushed(long begun) {
        volatileBlocks.removeIf(block -> {
            BlockHistory history = history(block);
            history.flushed(begun);
            return !history.isVolatile();
        });
    }

    /** A read or extents request is submitted. */
    public Look beginLook(long offset, long lengthBytes) {
        Look look = new Look(offset, lengthBytes);
        for (long block = offset / BLOCK_BYTES; block * BLOCK_BYTES < offset + lengthBytes; block++) {
            look.floors.add(history(block).floor());
        }
        return look;
    }

    /** The read ended with OK and these bytes, from the first of {@code bytes} on. */
    public void sawBytes(Look look, byte[] bytes) {
        long end = look.offset + look.lengthBytes;
        for (long block = look.offset / BLOCK_BYTES; block * BLOCK_BYTES < end; block++) {
            long from = Math.max(look.offset, block * BLOCK_BYTES);
            long to = Math.min(end, (block + 1) * BLOCK_BYTES);
            judge(look, block, bytes, (int) (from - look.offset), (int) (from % BLOCK_BYTES), (int) (to - from));
        }
    }

    /** An extents request reported [offset, offset + lengthBytes) as unallocated: it must read as zeroes. */
    public void sawNothing(Look look, long offset, long lengthBytes) {
        long end = offset + lengthBytes;
        for (long block = offset / BLOCK_BYTES; block * BLOCK_BYTES < end; block++) {
            long from = Math.max(offset, block * BLOCK_BYTES);
            long to = Math.min(end, (block + 1) * BLOCK_BYTES);
            judge(look, block, ZEROES, 0, (int) (from % BLOCK_BYTES), (int) (to - from));
        }
    }

    /** The server's process died and its machine lives. Looks and changes under way are over. */
    public void processDied() {
        now++;
        wideUnderWay.clear();
        volatileBlocks.forEach(block -> history(block).processDied(now));
    }

    /** The power went, or the memory was lost, which is the same. Looks and changes under way are over. */
    public void powerCut() {
        now++;
        wideUnderWay.clear();
        volatileBlocks.forEach(block -> history(block).powerCut());
        volatileBlocks.clear();
    }

    /** Histories of the blocks of a range that have one; the others have never been changed and hold zeroes. */
    private NavigableMap<Long, BlockHistory> known(long offset, long lengthBytes) {
        return blocks.subMap(offset / BLOCK_BYTES, true, (offset + lengthBytes - 1) / BLOCK_BYTES, true);
    }

    /** Histories that {@code change} began in; it is under way no more. */
    private Collection<BlockHistory> begunBy(Change change) {
        Wide wide = wideUnderWay.remove(change.id());
        return wide == null ? known(change.offset(), change.lengthBytes()).values() : wide.histories;
    }

    private BlockHistory history(long block) {
        return blocks.computeIfAbsent(block, BlockHistory::new);
    }

    private void judge(Look look, long block, byte[] bytes, int at, int from, int count) {
        BlockHistory.Version floor = look.floors.get((int) (block - look.offset / BLOCK_BYTES));
        BlockHistory history = history(block);
        if (!history.observe(floor, bytes, at, from, count)) {
            byte[] seen = new byte[BLOCK_BYTES];
            System.arraycopy(bytes, at, seen, from, count);
            throw new OracleViolation("block " + block + " bytes " + from + ".." + (from + count - 1) + " hold "
                    + origin(block, seen, from, from + count) + ", allowed are the changes "
                    + history.changesFrom(floor) + " (the first, if empty: zeroes)");
        }
        judged++;
    }

    /** Where bytes that should not be there came from, for people. */
    private String origin(long block, byte[] seen, int from, int to) {
        StringBuilder text = new StringBuilder();
        for (int at = from; at < to; at += 512) {
            String unit = originOfUnit(block, seen, at, Math.min(to, at + 512));
            if (!text.toString().endsWith(unit)) {
                text.append(text.isEmpty() ? "" : " then ").append(unit);
            }
        }
        return text.toString();
    }

    private String originOfUnit(long block, byte[] seen, int from, int to) {
        if (Arrays.equals(seen, from, to, new byte[BLOCK_BYTES], from, to)) {
            return "zeroes";
        }
        for (long id = changes; id > 0; id--) {
            if (Pattern.isAt(id, block, from, to, seen)) {
                return "change " + id;
            }
        }
        return "bytes of no single change";
    }
}
