package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import java.util.ArrayList;
import java.util.List;

/**
 * In which epoch each entry of a log was numbered: runs (epoch, first seq), both increasing. It knows nothing of where
 * the log ends.
 *
 * @param runs oldest first
 */
public record History(List<Run> runs) {
    /** Of an empty log. */
    public static final History EMPTY = new History(List.of());

    /** Entries from {@code firstSeq} on were numbered in {@code epoch}, until the next run. */
    public record Run(int epoch, long firstSeq) {}

    /** Checks the order. */
    public History {
        runs = List.copyOf(runs);
        for (int i = 1; i < runs.size(); i++) {
            Run before = runs.get(i - 1);
            Run run = runs.get(i);
            Checks.that(before.epoch < run.epoch, "epochs of a log increase", before.epoch, run.epoch);
            Checks.that(before.firstSeq < run.firstSeq, "an epoch has entries", before.firstSeq, run.firstSeq);
        }
    }

    /** Epoch of entry {@code seq}; 0 if it is before the first run. */
    public int epochAt(long seq) {
        int at = runAt(seq);
        return at < 0 ? 0 : runs.get(at).epoch;
    }

    /** Entry {@code seq} with its epoch. */
    public Position at(long seq) {
        return new Position(epochAt(seq), seq);
    }

    /** The same, with the entries from {@code firstSeq} on numbered in {@code epoch}. */
    public History with(int epoch, long firstSeq) {
        if (epochAt(firstSeq) == epoch && runAt(firstSeq) == runs.size() - 1) {
            return this;
        }
        List<Run> more = new ArrayList<>(until(firstSeq - 1).runs);
        more.add(new Run(epoch, firstSeq));
        return new History(more);
    }

    /** The same without what is after {@code lastSeq}. */
    public History until(long lastSeq) {
        return new History(runs.subList(0, runAt(lastSeq) + 1));
    }

    /** The same without what is before entry {@code seq}, but for the newest {@code least} runs. */
    public History since(long seq, int least) {
        return newest(Math.max(least, runs.size() - Math.max(0, runAt(seq))));
    }

    /** The same with no more than its newest {@code most} runs. */
    public History newest(int most) {
        return new History(runs.subList(Math.max(0, runs.size() - most), runs.size()));
    }

    /** Whether it says in which epoch entry {@code seq} was numbered; older ones may have been left out. */
    public boolean reaches(long seq) {
        return epochAt(seq) > 0;
    }

    /** The last entry up to {@code endSeq}, which both logs reach, of which both say that they have it; 0 if none. */
    public long forkWith(History other, long endSeq) {
        long seq = endSeq;
        while (seq > 0 && (!reaches(seq) || epochAt(seq) != other.epochAt(seq))) {
            seq = Math.max(firstOf(seq), other.firstOf(seq)) - 1;
        }
        return Math.max(0, seq);
    }

    private long firstOf(long seq) {
        int at = runAt(seq);
        return at < 0 ? 1 : runs.get(at).firstSeq;
    }

    private int runAt(long seq) {
        int at = runs.size() - 1;
        while (at >= 0 && runs.get(at).firstSeq > seq) {
            at--;
        }
        return at;
    }
}
