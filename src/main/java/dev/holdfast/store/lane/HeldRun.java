package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import java.util.ArrayList;
import java.util.List;

/**
 * What a mirrored shard knows of its own log: in which memory log entry each change lies that no root covers, or that
 * another replica may ask for, and where epochs begin. A shard alone has none. It holds no change and opens none.
 *
 * <ul>
 *   <li><b>H1</b> It has (kept, held], without a gap; their entries ascend; kept &lt;= rooted, but for the beginning of
 *       the shard, for which nobody asks.
 *   <li><b>H2</b> Epochs ascend with the numbers of changes; the newest {@link #MOST_EPOCHS} are kept, and all of
 *       (kept, held] and of what is before it: whatever is taken back, the epoch of what stays is known.
 *   <li><b>H3</b> rooted &lt;= stable &lt;= held: no root covers what a fork could take back.
 * </ul>
 */
final class HeldRun {
    /** So many epochs a shard's history has at most, but for those of what is kept. */
    static final int MOST_EPOCHS = 32;

    private List<EpochStart> epochs;
    private long[] entries = new long[16];
    private long[] bytesUpTo = new long[16];
    private long bytesRooted;
    private long kept;
    private long durable;
    private long rooted;
    private long stable;
    private long held;
    private long end;

    HeldRun(long appliedSeq, List<EpochStart> history) {
        kept = appliedSeq;
        rooted = appliedSeq;
        stable = appliedSeq;
        held = appliedSeq;
        epochs = List.copyOf(history);
    }

    /** Number of the newest change that a durable root covers. */
    long rooted() {
        return rooted;
    }

    /** The shard begins with its first change, which is the same on every replica: nothing can take it back. */
    void begin(int epoch, long entry) {
        Checks.that(held == 0, "a shard begins once", held);
        add(epoch, 1, entry, 0);
        kept = entry == Segment.REPLAYED ? 1 : 0;
        stable = 1;
    }

    /** Number of the newest change that every in-sync replica has logged, as far as is known here. */
    long stable() {
        return stable;
    }

    /** Changes up to {@code seq} are stable; older news change nothing. */
    void stableTo(long seq) {
        Checks.that(seq <= held, "what is stable is held here", seq, held);
        stable = Math.max(stable, seq);
    }

    /** Oldest first; the same list until something of it changes. */
    List<EpochStart> epochs() {
        return epochs;
    }

    /** Epoch of the newest change, 0 if there is none. */
    int newestEpoch() {
        return epochs.isEmpty() ? 0 : epochs.getLast().epoch();
    }

    /** Epoch of a change; 0 if it is older than the history. */
    int epochOf(long seq) {
        int epoch = 0;
        for (EpochStart start : epochs) {
            epoch = start.firstSeq() <= seq ? start.epoch() : epoch;
        }
        return epoch;
    }

    /** The next change lies in {@code entry} and takes {@code bytes} of the log. */
    void add(int epoch, long seq, long entry, long bytes) {
        Checks.that(seq == held + 1 && epoch >= newestEpoch(), "changes are held in order", seq, held, epoch);
        Checks.that(held == kept || entry > entryOf(held), "entries ascend", entry, seq);
        if (held - kept == entries.length) {
            grow();
        }
        long before = bytesUpTo(held);
        entries[index(seq)] = entry;
        bytesUpTo[index(seq)] = before + bytes;
        held = seq;
        end = entry + 1;
        if (epoch > newestEpoch() || epochs.isEmpty()) {
            List<EpochStart> more = new ArrayList<>(epochs);
            more.add(new EpochStart(epoch, seq));
            int old = 0;
            while (more.size() - old > MOST_EPOCHS && more.get(old + 1).firstSeq() <= kept) {
                old++;
            }
            epochs = List.copyOf(more.subList(old, more.size()));
        }
    }

    /** One more than the newest memory log entry of the shard, be it a change or a rewind. */
    long end() {
        return end;
    }

    /** Changes after this one are in the memory log, all of them. */
    long kept() {
        return kept;
    }

    /** Changes up to here need not be kept for others. */
    long durable() {
        return durable;
    }

    /** Changes up to {@code seq} need not be kept for others, once a root covers them. */
    void durableTo(long seq) {
        durable = Math.max(durable, seq);
        letGo(Math.min(durable, rooted));
    }

    /** Nothing that a root covers is kept for others any more. */
    void letGoAll() {
        letGo(rooted);
    }

    private void letGo(long seq) {
        kept = Math.max(kept, seq);
        Checks.that(kept <= Math.max(rooted, 1), "what no root covers is kept", kept, rooted);
    }

    /** The memory log entry of the oldest change that is kept; beyond all of them if there is none. */
    long firstKeptEntry() {
        return kept == held ? Long.MAX_VALUE : entryOf(kept + 1);
    }

    /** The memory log entry of a change that is kept. */
    long entryOf(long seq) {
        Checks.that(seq > kept && seq <= held, "the change is in the memory log", seq, kept, held);
        return entries[index(seq)];
    }

    /** The newest change of (rooted, held] whose entry is below {@code entryExclusive}; rooted if there is none. */
    long newestBelow(long entryExclusive) {
        long low = rooted;
        long high = held;
        while (low < high) {
            long middle = low + (high - low + 1) / 2;
            if (entries[index(middle)] < entryExclusive) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Checks.that(low >= rooted && low <= held, "found between rooted and held", low);
        return low;
    }

    /** Bytes that changes after {@code seq} take, but for those that a root covers. */
    long bytesAfter(long seq) {
        return bytesUpTo(held) - bytesUpTo(Math.clamp(seq, rooted, held));
    }

    private long bytesUpTo(long seq) {
        return seq == rooted ? bytesRooted : bytesUpTo[index(seq)];
    }

    /** Changes after {@code toSeq} are void: {@code entry} says so. Answers how many bytes they took. */
    long rewind(long toSeq, long entry) {
        Checks.that(toSeq >= stable && toSeq <= held, "what is stable stays", toSeq, stable, held);
        Checks.that(entry >= end, "a rewind stands after what it takes back", entry, end);
        long bytes = bytesUpTo(held) - bytesUpTo(toSeq);
        held = toSeq;
        end = entry + 1;
        epochs = epochs.stream().filter(start -> start.firstSeq() <= toSeq).toList();
        return bytes;
    }

    /** A durable root covers changes up to {@code seq}. Answers how many bytes those took that none covered before. */
    long rootedTo(long seq) {
        Checks.that(seq >= rooted && seq <= stable, "a root covers what is stable", seq, rooted, stable);
        long bytes = bytesUpTo(seq) - bytesRooted;
        bytesRooted += bytes;
        rooted = seq;
        letGo(Math.min(durable, rooted));
        return bytes;
    }

    /** An image took the place of everything: the shard stands at {@code seq}, and a root covers it. */
    void jump(long seq, List<EpochStart> history) {
        Checks.that(rooted == held && seq > held, "an image comes behind what a root covers", rooted, held, seq);
        kept = seq;
        rooted = seq;
        stable = seq;
        held = seq;
        epochs = List.copyOf(history.subList(Math.max(0, history.size() - MOST_EPOCHS), history.size()));
    }

    private void grow() {
        long[] newEntries = new long[2 * entries.length];
        long[] newBytes = new long[2 * entries.length];
        for (long seq = kept + 1; seq <= held; seq++) {
            int at = (int) (seq & newEntries.length - 1);
            newEntries[at] = entries[index(seq)];
            newBytes[at] = bytesUpTo[index(seq)];
        }
        entries = newEntries;
        bytesUpTo = newBytes;
    }

    private int index(long seq) {
        return (int) (seq & entries.length - 1);
    }
}
