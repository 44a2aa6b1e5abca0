package dev.holdfast.mirror;

import dev.holdfast.base.Checks;

/** A log of entries that say nothing, all of them logged at once: the store below, for tests of the protocol alone. */
final class ListLog implements ShardLog {
    private History history = History.EMPTY;
    private long held;
    private long visible;
    private int epoch;

    /** What is before it is not there any more. */
    long firstKept = 1;

    /** Up to where entries may overwrite others in what was last sent to who is in no set. */
    long mayOverwrite = -1;

    ShardImages images = ShardImages.NONE;

    /** What an entry takes. */
    long entryBytes = 4096;

    /** Takes nothing back. */
    boolean isFull;

    /** Numbers and holds one change. */
    void write() {
        history = history.with(epoch, ++held);
    }

    @Override
    public long held() {
        return held;
    }

    @Override
    public long bytesAfter(long seq) {
        return Math.max(0, held() - Math.max(seq, rooted())) * entryBytes;
    }

    @Override
    public long logged() {
        return held;
    }

    @Override
    public long rooted() {
        return 0;
    }

    @Override
    public long visible() {
        return visible;
    }

    @Override
    public History history() {
        return history;
    }

    @Override
    public long firstKept() {
        return firstKept;
    }

    @Override
    public ShardImages images() {
        return images;
    }

    @Override
    public Batch batch(long first, long stable) {
        mayOverwrite = stable;
        return batch(first);
    }

    @Override
    public Batch batch(long first) {
        Checks.that(first >= firstKept, "what is sent is kept", first, firstKept);
        History epochs = history;
        long last = held;
        return new Batch() {
            @Override
            public long first() {
                return first;
            }

            @Override
            public long last() {
                return last;
            }

            @Override
            public int epochAt(long seq) {
                return epochs.epochAt(seq);
            }
        };
    }

    @Override
    public boolean hold(Batch batch, long first) {
        for (long seq = first; seq <= batch.last(); seq++) {
            history = history.with(batch.epochAt(seq), seq);
        }
        held = batch.last();
        return true;
    }

    @Override
    public void open(long upTo) {
        visible = upTo;
    }

    @Override
    public boolean rewind(long lastSeq) {
        if (isFull) {
            return false;
        }
        held = lastSeq;
        visible = Math.min(visible, lastSeq);
        history = history.until(lastSeq);
        return true;
    }

    @Override
    public void log(long upTo) {}

    @Override
    public void stable(long upTo) {}

    @Override
    public void durable(long upTo) {}

    @Override
    public void beginEpoch(int begun) {
        epoch = begun;
    }

    @Override
    public void endEpoch() {
        epoch = 0;
    }
}
