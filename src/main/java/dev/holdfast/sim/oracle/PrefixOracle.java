package dev.holdfast.sim.oracle;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Disk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Judges a whole volume after a crash (promise S1): its state is that after the first n of the changes, in the order
 * they were submitted, with everything promised among them. It asks that one client submits and one shard serves, so
 * that order of submission is order of admission.
 *
 * <p>A snapshot is judged the same way: it is the state after some n of the changes, with n between two bounds.
 *
 * <p>It does not check reads while the server runs ({@link BlockOracle} does), and it steps aside until the next
 * crash once a change ended with an error, for then nobody knows whether that change has a place in the order.
 */
public final class PrefixOracle {
    private static final int BLOCK_BYTES = Disk.BLOCK_BYTES;

    private final TreeMap<Long, byte[]> base = new TreeMap<>();
    private final List<Change> changes = new ArrayList<>();
    private final TreeMap<Long, List<Integer>> changesOfBlock = new TreeMap<>();
    private final TreeMap<Long, byte[]> observed = new TreeMap<>();
    private int acknowledged;
    private int flushed;
    private int promised;
    private boolean powerWent;
    private boolean inDoubt;
    private long era;

    /** A moment in the order of changes that is known only roughly; {@link #beginMoment} and {@link #endMoment}. */
    public static final class Moment {
        private final long era;
        private final int from;
        private int to;

        private Moment(long era, int from) {
            this.era = era;
            this.from = from;
            this.to = from;
        }
    }

    /** The same knowledge, to go on by itself. */
    public PrefixOracle copy() {
        PrefixOracle copy = new PrefixOracle();
        copy.base.putAll(base);
        copy.changes.addAll(changes);
        changesOfBlock.forEach((block, own) -> copy.changesOfBlock.put(block, new ArrayList<>(own)));
        copy.acknowledged = acknowledged;
        copy.flushed = flushed;
        copy.promised = promised;
        copy.powerWent = powerWent;
        copy.inDoubt = inDoubt;
        copy.era = era;
        return copy;
    }

    /** {@code change} is submitted. */
    public void begin(Change change) {
        long first = change.offset() / BLOCK_BYTES;
        long last = (change.end() - 1) / BLOCK_BYTES;
        for (long block = first; block <= last && !change.isWide(); block++) {
            base.putIfAbsent(block, new byte[BLOCK_BYTES]);
        }
        for (long block : base.subMap(first, true, last, true).keySet()) {
            changesOfBlock.computeIfAbsent(block, absent -> new ArrayList<>()).add(changes.size());
        }
        changes.add(change);
    }

    /** {@code change} ended with OK, and is durable if {@code durable}. */
    public void acknowledged(Change change, boolean durable) {
        int count = Collections.binarySearch(changes, change, Comparator.comparingLong(Change::id)) + 1;
        Checks.that(count > 0, "what is acknowledged was submitted", change.id());
        acknowledged = Math.max(acknowledged, count);
        flushed = durable ? Math.max(flushed, count) : flushed;
    }

    /** A change ended with an error. */
    public void failed() {
        inDoubt = true;
    }

    /** A flush is submitted; give the result to {@link #flushed}. */
    public int beginFlush() {
        return acknowledged;
    }

    /** The flush that began as {@code begun} ended with OK. */
    public void flushed(int begun) {
        flushed = Math.max(flushed, begun);
    }

    /** The server's process died: everything acknowledged is promised. */
    public void processDied() {
        promised = powerWent ? promised : acknowledged;
        era++;
        observed.clear();
    }

    /** The power went: everything flushed is promised. */
    public void powerCut() {
        promised = flushed;
        powerWent = true;
        era++;
        observed.clear();
    }

    /** After the crash and before any new change, {@code block} was read as {@code bytes}. */
    public void sawBlock(long block, byte[] bytes) {
        if (base.containsKey(block)) {
            observed.put(block, bytes.clone());
        }
    }

    /** Every touched block has been seen since the crash: judges, and goes on from what was seen. */
    public void conclude() {
        era++;
        if (inDoubt || powerWent) {
            if (!inDoubt) {
                judge();
            }
            inDoubt &= !powerWent;
            powerWent = false;
            base.putAll(observed);
            truncate(0);
        } else {
            truncate(judge());
        }
        observed.clear();
    }

    /** Every block that was ever changed, but by wide changes alone; ascending. */
    public long[] touchedBlocks() {
        return base.keySet().stream().mapToLong(Long::longValue).toArray();
    }

    /** A copy of the volume is asked for: it holds everything acknowledged by now. */
    public Moment beginMoment() {
        return new Moment(era, acknowledged);
    }

    /** The copy has its place in the order: it holds nothing that is submitted from now on. */
    public void endMoment(Moment moment) {
        moment.to = changes.size();
    }

    /** A copy that was made at {@code moment} holds {@code seen}; not judged if the server crashed in between. */
    public void sawMoment(Moment moment, SortedMap<Long, byte[]> seen) {
        if (inDoubt || moment.era != era) {
            return;
        }
        int[] agree = new int[changes.size() + 1];
        seen.forEach((block, bytes) -> vote(block, bytes, agree));
        for (int count = moment.from; count <= moment.to; count++) {
            if (agree[count] == seen.size()) {
                return;
            }
        }
        throw new OracleViolation("the copy is that after no number of changes from " + moment.from + " to " + moment.to
                + " of " + changes.size());
    }

    /** The number of changes after which the state is as observed. */
    private int judge() {
        int[] agree = new int[changes.size() + 1];
        for (var entry : observed.entrySet()) {
            vote(entry.getKey(), entry.getValue(), agree);
        }
        for (int count = promised; count <= changes.size(); count++) {
            if (agree[count] == observed.size()) {
                return count;
            }
        }
        throw new OracleViolation("the state is that after no number of changes from " + promised + " to "
                + changes.size() + ": " + disagreement(agree));
    }

    /** Forgets all changes after the first {@code count}; those count as acknowledged. */
    private void truncate(int count) {
        changes.subList(count, changes.size()).clear();
        changesOfBlock.values().forEach(own -> own.removeIf(at -> at >= count));
        acknowledged = count;
        flushed = Math.min(flushed, count);
    }

    /** Adds one at every number of changes after which {@code block} holds {@code seen}. */
    private void vote(long block, byte[] seen, int[] agree) {
        List<Integer> own = changesOfBlock.getOrDefault(block, List.of());
        byte[] content = base.getOrDefault(block, new byte[BLOCK_BYTES]);
        int from = 0;
        for (int at = 0; at <= own.size(); at++) {
            int until = at < own.size() ? own.get(at) : changes.size();
            if (Arrays.equals(content, seen)) {
                for (int count = from; count <= until; count++) {
                    agree[count]++;
                }
            }
            if (at < own.size()) {
                content = changes.get(until).appliedTo(content, block);
                from = until + 1;
            }
        }
    }

    private String disagreement(int[] agree) {
        int best = promised;
        for (int count = promised; count < agree.length; count++) {
            best = agree[count] > agree[best] ? count : best;
        }
        List<Long> wrong = new ArrayList<>();
        for (var entry : observed.entrySet()) {
            int[] alone = new int[changes.size() + 1];
            vote(entry.getKey(), entry.getValue(), alone);
            if (alone[best] == 0 && wrong.size() < 10) {
                wrong.add(entry.getKey());
            }
        }
        int others = observed.size() - agree[best];
        return "after " + best + " all but " + others + " of " + observed.size() + " blocks agree; not " + wrong;
    }
}
