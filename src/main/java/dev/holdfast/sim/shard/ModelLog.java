package dev.holdfast.sim.shard;

import dev.holdfast.io.Loop;
import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.ShardLog;
import dev.holdfast.sim.random.SimRandom;
import java.util.List;
import java.util.TreeMap;

/**
 * The store below one replica, as plainly as its promises allow: a list of entries, a group commit that takes its time,
 * roots now and then. One per process; what outlives it is the {@link Medium}.
 */
final class ModelLog implements ShardLog {
    private static final int ONE_IN_FULL = 100;

    /** As a real one; some know only those of entries that are kept. */
    private static final int LEAST_EPOCHS = 32;

    /** As long as real ones would be, so that a few of them are much. */
    private static final long ENTRY_BYTES = 128 << 10;

    private final Medium medium;
    private final Loop loop;
    private final SimRandom random;
    private final Listener listener;
    private final int mostInBatch;
    private final int leastEpochs;
    private TreeMap<Integer, Long> state;
    private long visible;
    private long stable;
    private long logWanted;
    private int epoch;
    private boolean logging;
    private boolean rooting;

    /** Told what happened in the log. */
    interface Listener {
        /** Entries up to {@code upTo} are visible. */
        void opened(long upTo);

        /** Nobody is told any more of what waits here. */
        void endEpoch();

        /** Something came to stable storage. */
        void progressed();

        /** An entry is held. */
        void held(Change change);
    }

    ModelLog(Medium medium, Loop loop, SimRandom random, Listener listener) {
        this.medium = medium;
        this.loop = loop;
        this.random = random;
        this.listener = listener;
        this.mostInBatch = 1 + random.below(8);
        this.leastEpochs = random.below(4) == 0 ? 1 + random.below(3) : LEAST_EPOCHS;
        this.visible = medium.rooted();
        this.state = medium.state(visible);
    }

    /** Numbers and holds a change of this node's own. */
    long write(int block, long value) {
        long seq = held() + 1;
        hold(new Change(new Position(epoch, seq), block, value));
        return seq;
    }

    /** What a reader sees; 0 if nothing was ever written. */
    long read(int block) {
        return state.getOrDefault(block, 0L);
    }

    TreeMap<Integer, Long> state() {
        return state;
    }

    @Override
    public long held() {
        return medium.held();
    }

    @Override
    public long bytesAfter(long seq) {
        return Math.max(0, held() - Math.max(seq, rooted())) * ENTRY_BYTES;
    }

    @Override
    public long logged() {
        return medium.logged();
    }

    @Override
    public long rooted() {
        return medium.rooted();
    }

    @Override
    public long visible() {
        return visible;
    }

    @Override
    public History history() {
        return medium.history().since(medium.firstKept() - 1, leastEpochs);
    }

    @Override
    public long firstKept() {
        return medium.firstKept();
    }

    @Override
    public Batch batch(long first) {
        return new Changes(medium.from(first, 1 + random.below(mostInBatch)));
    }

    @Override
    public boolean hold(Batch batch, long first) {
        if (random.oneIn(ONE_IN_FULL)) {
            return false;
        }
        Changes changes = Changes.of(batch);
        for (long seq = first; seq <= batch.last(); seq++) {
            hold(changes.at(seq));
        }
        return true;
    }

    private void hold(Change change) {
        listener.held(change);
        medium.hold(change);
    }

    @Override
    public void open(long upTo) {
        while (visible < upTo) {
            Change change = medium.at(++visible);
            state.put(change.block(), change.value());
        }
        listener.opened(upTo);
    }

    @Override
    public boolean rewind(long lastSeq) {
        if (random.oneIn(ONE_IN_FULL)) {
            return false;
        }
        medium.rewind(lastSeq);
        logWanted = Math.min(logWanted, lastSeq);
        if (visible > lastSeq) {
            visible = lastSeq;
            state = medium.state(lastSeq);
        }
        return true;
    }

    @Override
    public void log(long upTo) {
        logWanted = Math.max(logWanted, Math.min(upTo, held()));
        if (!logging && logWanted > logged()) {
            logging = true;
            List<Change> image = medium.image(random.oneIn(2) ? held() : logWanted);
            loop.after(diskNanos(), () -> {
                logging = false;
                medium.written(image);
                listener.progressed();
                log(logWanted);
            });
        }
    }

    @Override
    public void stable(long upTo) {
        stable = Math.max(stable, upTo);
    }

    @Override
    public void durable(long upTo) {
        medium.durable(upTo);
    }

    @Override
    public void beginEpoch(int begun) {
        epoch = begun;
    }

    @Override
    public void endEpoch() {
        listener.endEpoch();
    }

    /** Makes a root of what is visible and stable, in the time that takes. */
    void makeRoot() {
        long upTo = Math.min(visible, stable);
        if (!rooting && upTo > rooted()) {
            rooting = true;
            loop.after(diskNanos() * 5, () -> {
                rooting = false;
                medium.rooted(upTo);
                listener.progressed();
            });
        }
    }

    private long diskNanos() {
        return random.oneIn(50) ? random.below(400_000_000L) : random.below(2_000_000L);
    }
}
