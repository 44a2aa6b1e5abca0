package dev.holdfast.store.root;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * At which positions roots had a mirrored shard, so that what was changed since one of them can be told by births. As
 * many as a record has room for: the older, the further apart, but the one that whoever is furthest behind needs stays.
 */
public final class RootMarks {
    /** So many are kept. */
    public static final int MOST = 32;

    private static final int BYTES = 24;

    private final List<Mark> marks = new ArrayList<>();

    /** In root {@code cp} the shard had all changes up to {@code seq}, and nothing else. */
    public record Mark(long cp, int epoch, long seq) {}

    /** Oldest first. */
    public List<Mark> list() {
        return List.copyOf(marks);
    }

    /** One more root; nobody needs what is older than the newest mark up to {@code neededSeq}. */
    public void add(Mark mark, long neededSeq) {
        Checks.that(marks.isEmpty() || mark.cp > marks.getLast().cp, "roots come in order", mark.cp);
        Checks.that(marks.isEmpty() || mark.seq >= marks.getLast().seq, "positions only grow", mark.seq);
        marks.add(mark);
        while (marks.size() > 1 && marks.get(1).seq <= neededSeq) {
            marks.removeFirst();
        }
        if (marks.size() > MOST) {
            marks.remove(leastMissed());
        }
    }

    /** The mark whose neighbours are nearest to each other, measured by their age; never the oldest or newest. */
    private int leastMissed() {
        long now = marks.getLast().cp;
        int least = 1;
        double leastGap = Double.MAX_VALUE;
        for (int i = 1; i < marks.size() - 1; i++) {
            double gap = (double) (marks.get(i + 1).cp - marks.get(i - 1).cp) / (now - marks.get(i).cp + 1);
            if (gap < leastGap) {
                leastGap = gap;
                least = i;
            }
        }
        return least;
    }

    void encode(ByteBuffer into, int countAt, int at) {
        into.putInt(countAt, marks.size());
        for (int i = 0; i < marks.size(); i++) {
            Mark mark = marks.get(i);
            into.putLong(at + i * BYTES, mark.cp).putLong(at + i * BYTES + 8, mark.seq);
            into.putInt(at + i * BYTES + 16, mark.epoch);
        }
    }

    void decode(ByteBuffer from, int countAt, int at) {
        int count = from.getInt(countAt);
        Checks.that(count >= 0 && count <= MOST, "stored marks fit", count);
        for (int i = 0; i < count; i++) {
            int mark = at + i * BYTES;
            marks.add(new Mark(from.getLong(mark), from.getInt(mark + 16), from.getLong(mark + 8)));
        }
    }
}
