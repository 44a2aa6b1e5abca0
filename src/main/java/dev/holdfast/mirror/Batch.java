package dev.holdfast.mirror;

/** Consecutive entries of one log, on their way to another; what they say is not looked at here. */
public interface Batch {
    /** Seq of the first entry. */
    long first();

    /** Seq of the last entry; {@code first() - 1} if there is none. */
    long last();

    /** Epoch of entry {@code seq}, which is in the batch. */
    int epochAt(long seq);

    /** No entries, after {@code previousSeq}. */
    static Batch none(long previousSeq) {
        return new Batch() {
            @Override
            public long first() {
                return previousSeq + 1;
            }

            @Override
            public long last() {
                return previousSeq;
            }

            @Override
            public int epochAt(long seq) {
                return 0;
            }
        };
    }
}
